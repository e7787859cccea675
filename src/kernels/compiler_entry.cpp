// The entry points of libcuda_shim_compiler.so. An exception of the standard library (memory) must
// not cross its border.

#include <exception>

#include "kernels/translate.h"

namespace {

template <class T, class Function>
cuda_shim::Result<T> guarded(Function function) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return cuda_shim::error(cuda_shim::StatusCode::kOutOfMemory,
                            std::string("The translator gave up: ") + exception.what() + ".");
  }
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] cuda_shim::Result<cuda_shim::kernels::CompiledKernel>
cuda_shim_compile_kernel(const cuda_shim::kernels::CompileRequest& request) {
  return guarded<cuda_shim::kernels::CompiledKernel>(
      [&] { return cuda_shim::kernels::translate(request); });
}

[[gnu::visibility("default")]] cuda_shim::Result<std::vector<cuda_shim::kernels::ptx::Diagnostic>>
cuda_shim_verify_program(const cuda_shim::kernels::Program& program) {
  return guarded<std::vector<cuda_shim::kernels::ptx::Diagnostic>>(
      [&] { return cuda_shim::kernels::check(program); });
}

}  // extern "C"
