#pragma once
// A PTX test: a self-contained .ptx file whose comments say how to launch it and what must come
// out.
//
//   //! kernel NAME              the entry to launch; the file's only entry if not given
//   //! grid X [Y [Z]]           blocks, 1 if not given
//   //! block X [Y [Z]]          threads of a block, 1 if not given
//   //! shared BYTES             dynamic shared memory
//   //! in TYPE: v v v ...       a parameter: address of a buffer with these values
//   //! out TYPE [ulp=N] : v ... a parameter: address of a zeroed buffer that must hold these
//   values afterwards
//   //! value TYPE: v            a parameter passed by value
//   //! tensor ...               a parameter passed by value: a tensor map
//   //! texture ...: v v v ...   a parameter: the handle of a texture object (ptx_objects.h)
//   //! surface ...: v v v ...   a parameter: the handle of a surface object
//   //! holds: v v v ...         what the surface before must hold afterwards
//   //! error CODE               loading or running must fail with this CUresult name, e.g.
//   CUDA_ERROR_ILLEGAL_ADDRESS
//   //! target ARCH              what ptxas is asked to accept the file for, if not the file's own
//   .target
//   //! flag WORD                cooperative: a cooperative launch
//
// Parameters follow the order of the lines that declare them. TYPE is a PTX type; `x COUNT` after a
// value repeats it. Floating-point values are decimal, inf, nan (any NaN), or bits as 0x...;
// results are compared bit for bit unless ulp is given.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ptx/ptx_objects.h"

namespace cuda_shim::tests {

enum class ParameterKind { kIn, kOut, kValue, kTensor, kTexture, kSurface };

/// One element as it lies in memory, and whether any NaN is as good.
struct Element {
  std::uint64_t bits = 0;
  bool any_nan = false;
};

struct PtxParameter {
  ParameterKind kind = ParameterKind::kIn;
  std::string type;
  unsigned element_bytes = 4;
  unsigned ulp = 0;
  std::vector<Element> elements;  ///< of a texture or surface: its texels' channels
  std::vector<Element> holds;     ///< of a surface
  std::optional<TensorMap> tensor;
  std::optional<TextureObject> texture;

  /// The elements as bytes in memory order.
  std::vector<std::byte> bytes() const;
  /// The elements that must be there afterwards; empty if none need be.
  const std::vector<Element>& expected() const;
};

struct PtxCase {
  std::string text;
  std::string kernel;
  unsigned grid[3] = {1, 1, 1};
  unsigned block[3] = {1, 1, 1};
  unsigned shared_bytes = 0;
  bool cooperative = false;
  std::string error;
  std::string target;
  std::vector<PtxParameter> parameters;
};

/// Reads a test; the error says which line is wrong.
std::expected<PtxCase, std::string> read_ptx_case(const std::filesystem::path& path);

/// Compares what a kernel wrote with what it should have; returns one line per wrong element, empty
/// if all is right.
std::vector<std::string> compare(const PtxParameter& expected,
                                 const std::vector<std::byte>& actual);

}  // namespace cuda_shim::tests
