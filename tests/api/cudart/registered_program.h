#pragma once
// A program as nvcc's host code registers it: a kernel `add_to(int* p, int n)` that adds n + offset
// to *p, and its variable `offset`.

#include <cuda_runtime_api.h>

#include "api/cudart/fatbin.h"

extern "C" {
void** __cudaRegisterFatBinary(void* image);
void __cudaRegisterFatBinaryEnd(void** handle);
void __cudaUnregisterFatBinary(void** handle);
void __cudaRegisterFunction(void** handle, const char* host, char* device, const char* name,
                            int limit, void* tid, void* bid, void* block, void* grid, int* warp);
void __cudaRegisterVar(void** handle, char* host, char* device, const char* name, int ext,
                       std::size_t size, int constant, int global);
void __cudaRegisterManagedVar(void** handle, void** host, char* device, const char* name, int ext,
                              std::size_t size, int constant, int global);
char __cudaInitModule(void** handle);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared,
                                     cudaStream_t stream);
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream);
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               std::size_t shared, cudaStream_t stream);
}

namespace cuda_shim::test {

inline constexpr const char* kAddToPtx = R"(
.version 7.0
.target sm_50
.address_size 64
.visible .global .align 4 .u32 offset = 100;
.visible .global .attribute(.managed) .align 4 .u32 shared_count = 7;
.visible .entry add_to(.param .u64 p, .param .u32 n)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [n];
  cvta.to.global.u64 %rd2, %rd1;
  ld.global.u32 %r2, [offset];
  add.s32 %r3, %r1, %r2;
  ld.global.u32 %r4, [%rd2];
  add.s32 %r4, %r4, %r3;
  st.global.u32 [%rd2], %r4;
  ret;
}
)";

/// Registers for as long as it lives. The host shadows are bytes of it.
class RegisteredProgram {
 public:
  explicit RegisteredProgram(FatbinKind kind = FatbinKind::kPtx,
                             std::string_view payload = kAddToPtx)
      : fatbin_(kind, payload), handle_(__cudaRegisterFatBinary(fatbin_.wrapper())) {
    __cudaRegisterFunction(handle_, &kernel_shadow_, &kernel_shadow_, "add_to", -1, nullptr,
                           nullptr, nullptr, nullptr, nullptr);
    __cudaRegisterVar(handle_, &offset_shadow_, &offset_shadow_, "offset", 0, sizeof(int), 0, 0);
    __cudaRegisterManagedVar(handle_, &managed_, nullptr, "shared_count", 0, sizeof(int), 0, 0);
    __cudaRegisterFatBinaryEnd(handle_);
  }
  ~RegisteredProgram() { __cudaUnregisterFatBinary(handle_); }
  RegisteredProgram(const RegisteredProgram&) = delete;
  RegisteredProgram& operator=(const RegisteredProgram&) = delete;

  const void* kernel() const { return &kernel_shadow_; }
  const void* offset() const { return &offset_shadow_; }
  void** handle() const { return handle_; }
  void* managed() const { return managed_; }

 private:
  Fatbin fatbin_;
  void** handle_;
  alignas(16) char kernel_shadow_ = 0;
  alignas(16) char offset_shadow_ = 0;
  void* managed_ = nullptr;
};

/// Calls add_to(pointer, n) as nvcc before version 12 does and waits.
inline cudaError_t launch_add(const RegisteredProgram& program, int* pointer, int n) {
  void* arguments[] = {&pointer, &n};
  cudaError_t error = cudaLaunchKernel(program.kernel(), dim3(1), dim3(1), arguments, 0, nullptr);
  return error != cudaSuccess ? error : cudaDeviceSynchronize();
}

}  // namespace cuda_shim::test
