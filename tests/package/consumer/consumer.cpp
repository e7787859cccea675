// Loads a kernel from PTX by the driver API, with memory from the runtime API: needs all installed
// libraries, the compiler's too.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <cuda_shim/device.h>

#include <cstdio>

static const char kPtx[] = R"(
.version 7.0
.target sm_75
.address_size 64
.visible .entry store(.param .u64 where)
{
  .reg .u64 %rd<3>;
  .reg .u32 %r<2>;
  ld.param.u64 %rd1, [where];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, %tid.x;
  st.global.u32 [%rd2], %r1;
  ret;
}
)";

#define CHECK(call)                                       \
  do {                                                    \
    if (int error = static_cast<int>(call); error != 0) { \
      std::printf("%s answers %d\n", #call, error);       \
      return 1;                                           \
    }                                                     \
  } while (false)

int main() {
  unsigned* value = nullptr;
  CHECK(cudaMalloc(reinterpret_cast<void**>(&value), sizeof(*value)));
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CHECK(cuModuleLoadData(&module, kPtx));
  CHECK(cuModuleGetFunction(&function, module, "store"));
  void* arguments[] = {&value};
  CHECK(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr));
  unsigned result = 7;
  CHECK(cudaMemcpy(&result, value, sizeof(result), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(value));
  return result == 0 ? 0 : 1;
}
