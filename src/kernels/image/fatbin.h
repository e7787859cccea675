#pragma once
// The fatbin container: one header, then entries back to back, each with machine code or PTX of the
// same module for one architecture.
//
// Seen in the output of nvcc 11.8, 12.9 and 13.0, whose containers differ only in the compression
// they prefer:
//
//   container  u32 magic, u16 version = 1, u16 header bytes = 16, u64 bytes of all entries
//   entry      u16 kind, u16 version = 0x101, u32 header bytes, u64 payload bytes (padded to 8),
//              u32 compressed bytes, u32 offset of the compile options, u16 minor, u16 major (of
//              the PTX ISA or cubin), u32 compute capability (75), u32 offset and u32 bytes of the
//              identifier, u64 flags, u64 reserved, u64 raw bytes

#include <cstdint>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/image/bytes.h"

namespace cuda_shim::kernels::image {

inline constexpr std::uint32_t kFatbinMagic = 0xba55ed50;

/// Values of Entry::kind that are known. Others exist and are passed over.
enum EntryKind : std::uint16_t {
  kPtxEntry = 1,
  kMachineCodeEntry = 2,
  kLtoEntry = 8,  ///< NVIDIA's intermediate code for link-time optimisation
};

/// Bits of Entry::flags that matter here. Compression has a table of its own (decompress.cpp).
inline constexpr std::uint64_t kArchitectureSpecific =
    0x100000;  ///< compute_90a: this architecture only
inline constexpr std::uint64_t kFamilySpecific =
    0x200000;  ///< compute_100f: this major version only

struct Entry {
  std::uint16_t kind = 0;
  unsigned compute = 0;  ///< 10 * major + minor
  std::uint64_t flags = 0;
  Bytes payload;               ///< as stored: without padding if compressed
  std::uint64_t raw_size = 0;  ///< bytes after decompression; 0 if not compressed
  std::string_view name;       ///< identifier, usually the source file; often empty
};

struct Fatbin {
  std::vector<Entry> entries;
  std::size_t size = 0;  ///< bytes of the container, header included
};

/// Reads the container at the start of `image`; the result borrows from it. kInvalidImage if it is
/// corrupt or reaches beyond `image`.
Result<Fatbin> parse_fatbin(Bytes image);

/// How much memory the container at `image` says that it takes. kInvalidImage if the header is not
/// one.
Result<Bytes> fatbin_extent(const void* image);

}  // namespace cuda_shim::kernels::image
