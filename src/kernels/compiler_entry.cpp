// The entry points of libcuda_shim_compiler.so.

#include "kernels/compiler.h"

extern "C" {

[[gnu::visibility("default")]] cuda_shim::Result<cuda_shim::kernels::CompiledKernel>
cuda_shim_compile_kernel(const cuda_shim::kernels::CompileRequest&) {
  return cuda_shim::error(cuda_shim::StatusCode::kNotSupported, "No translator is built in yet.");
}

}  // extern "C"
