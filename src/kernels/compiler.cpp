// Opens the compiler library on first use and passes requests on to it.
//
// RTLD_LOCAL keeps its names (LLVM's above all) from the application's; LLVM's symbol versions keep
// another LLVM of the application from answering for ours. Not RTLD_DEEPBIND: memory passes between
// this code and the library, and an application that brings its own operator new must then be asked
// by both.

#include "kernels/compiler.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace cuda_shim::kernels {
namespace {

constexpr const char* kLibrary = "libcuda_shim_compiler.so";

struct CompilerLibrary {
  cuda_shim_compile_kernel_function compile = nullptr;
  cuda_shim_verify_program_function verify = nullptr;
  std::string fault;  ///< why it cannot be used; empty if it can
};

CompilerLibrary open_library() {
  CompilerLibrary library;
  const std::string path = compiler_library_path();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    library.fault = fmt::format("The kernel compiler '{}' cannot be opened: {}.", path, dlerror());
    return library;
  }
  library.compile =
      reinterpret_cast<cuda_shim_compile_kernel_function>(dlsym(handle, CUDA_SHIM_COMPILE_ENTRY));
  library.verify =
      reinterpret_cast<cuda_shim_verify_program_function>(dlsym(handle, CUDA_SHIM_VERIFY_ENTRY));
  if (library.compile == nullptr || library.verify == nullptr)
    library.fault = fmt::format(
        "The kernel compiler '{}' lacks an entry point; is it of the same build?", path);
  return library;
}

/// Opened once; a failure is final, as the file would have to change under a running program. Never
/// destroyed: other threads may still translate while the process ends.
Result<const CompilerLibrary*> library() {
  static const CompilerLibrary& kOpened = *new CompilerLibrary(open_library());
  if (!kOpened.fault.empty()) return error(StatusCode::kJitCompilerNotFound, kOpened.fault);
  return &kOpened;
}

}  // namespace

std::string compiler_library_path() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&compiler_library_path), &info) == 0 ||
      info.dli_fname == nullptr)
    return kLibrary;
  const std::string_view file = info.dli_fname;
  const size_t slash = file.rfind('/');
  if (slash == file.npos) return kLibrary;
  return std::string(file.substr(0, slash + 1)) + kLibrary;
}

cuda_shim_code_object CompiledKernel::view() const {
  cuda_shim_code_object object = {};
  object.size = sizeof object;
  object.format = format;
  object.kernel = kernel.c_str();
  object.entry = entry.c_str();
  object.bytes = bytes.data();
  object.byte_count = bytes.size();
  object.info = info;
  return object;
}

support::Digest CompileOptions::digest() const {
  // Names every member, so that one that is added here does not compile until it counts.
  const auto& [machine, level, alignment, sizes] = *this;
  const auto& [size, format, triple, cpu, features, engine, major, minor, specialises] = machine;
  support::Digester digester;
  for (std::string_view text : {std::string_view(triple), std::string_view(cpu),
                                std::string_view(features), std::string_view(engine)})
    digester.add_text(text);
  return digester.add_number(size)
      .add_number(format)
      .add_number(major)
      .add_number(minor)
      .add_number(specialises)
      .add_number(level)
      .add_number(alignment)
      .add_number(sizes.x)
      .add_number(sizes.y)
      .add_number(sizes.z)
      .finish();
}

Result<CompiledKernel> compile(const CompileRequest& request) {
  const auto opened = library();
  if (!opened) return error(Status(opened.error().code(), std::string(opened.error().message())));
  return (*opened)->compile(request);
}

Result<std::vector<ptx::Diagnostic>> verify(const Program& program) {
  const auto opened = library();
  if (!opened) return error(Status(opened.error().code(), std::string(opened.error().message())));
  return (*opened)->verify(program);
}

}  // namespace cuda_shim::kernels
