#pragma once
// Fatbins made by hand, with the wrapper around them that nvcc's host code registers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace cuda_shim::test {

enum class FatbinKind : std::uint16_t { kPtx = 1, kMachineCode = 2 };

/// What __cudaRegisterFatBinary is given. Owns the image; must not be moved once registered.
class Fatbin {
 public:
  Fatbin(FatbinKind kind, std::string_view payload);
  void* wrapper() { return &wrapper_; }

 private:
  struct Wrapper {
    std::uint32_t magic, version;
    const void* image;
    void* rest;
  };
  std::vector<std::uint64_t> image_;  // 8-byte words: headers are read in place
  Wrapper wrapper_;
};

}  // namespace cuda_shim::test
