#pragma once
// The parameters of a PTX test made with the driver API: buffers, tensor maps, textures and
// surfaces.

#include <cuda.h>

#include <cstddef>
#include <deque>
#include <vector>

#include "ptx/ptx_case.h"

namespace cuda_shim::tests {

class Arguments {
 public:
  /// Makes all of them in the current context, which owns them.
  CUresult make(const PtxCase& test);
  /// What cuLaunchKernel takes.
  void** pointers() { return pointers_.data(); }
  /// The bytes of what the kernel wrote into parameter `index`, an `out` or a `surface`.
  CUresult read_back(const PtxCase& test, std::size_t index, std::vector<std::byte>* bytes);

 private:
  /// One argument: a number, or a tensor map.
  struct Argument {
    CUtensorMap map;
    CUdeviceptr number = 0;
    CUarray array = nullptr;  ///< of a surface
  };
  CUresult make_one(const PtxParameter& parameter, Argument* argument);
  CUresult make_tensor(const TensorMap& tensor, Argument* argument);

  std::deque<Argument> arguments_;
  std::vector<void*> pointers_;
};

}  // namespace cuda_shim::tests
