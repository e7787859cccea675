#pragma once
// What all image tests need: the files that nvcc wrote, memory with a trap behind it, and short
// ways to open them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/image/extract.h"

namespace cuda_shim::kernels::image {

/// The bytes of a file that the build made.
std::string test_file(std::string_view name);

/// The PTX of scale.cu as fatbins hold it: without comments and tabs, each line at its place.
std::string scale_ptx();

/// A copy of bytes that ends right before a page that cannot be read.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::string_view bytes);
  ~GuardedBytes();
  GuardedBytes(const GuardedBytes&) = delete;

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  char* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

using Texts = Result<std::vector<PtxText>>;

/// Opens guarded copies of the bytes, for compute capability `compute`.
Texts extract_sized(std::string_view image, unsigned compute = 89);
Texts extract_unsized(std::string_view image, unsigned compute = 89);

/// "75" for ".target sm_75".
std::string target_of(const PtxText& text);

}  // namespace cuda_shim::kernels::image
