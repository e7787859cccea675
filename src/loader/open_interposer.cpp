// dlopen as the application sees it: a request for libcuda or libcudart by any path opens ours, and
// an object that needs one of them finds ours already in the process, under the name it asks for.
//
// Opening our libraries only now, and not as dependencies of the preload object, keeps a program
// without CUDA free of them. (As dependencies they would not even win: the dynamic linker takes
// what the executable needs before what preloaded objects need.)
//
// The real dlopen looks at its return address to find the caller's search path, so it is entered by
// a jump that leaves that address alone.

#include "loader/open_interposer.h"

#include <dlfcn.h>

#include <atomic>
#include <cstring>

#include "loader/elf_file.h"
#include "loader/our_libraries.h"
#include "support/log.h"

namespace cuda_shim::loader {
namespace {

using OpenFunction = void* (*)(const char*, int) noexcept;

OpenFunction real_open() noexcept {
  static std::atomic<OpenFunction> found = nullptr;
  OpenFunction function = found.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<OpenFunction>(::dlsym(RTLD_NEXT, "dlopen"));
    found.store(function, std::memory_order_relaxed);
  }
  return function;
}

// The static path of our library, once for each; the string lives for ever because the real dlopen
// gets it by a jump.
const char* lasting_path_of(RuntimeLibrary library) {
  static const std::string paths[kRuntimeLibraries] = {
      path_of(RuntimeLibrary::kCudart11), path_of(RuntimeLibrary::kCudart12),
      path_of(RuntimeLibrary::kCudart13), path_of(RuntimeLibrary::kDriver)};
  return paths[static_cast<unsigned>(library)].c_str();
}

void open_what_it_needs(const char* path) {
  auto file = ElfFile::open(path);
  if (!file) return;
  for (std::string_view needed : file->dynamic_strings(DT_NEEDED))
    if (auto library = runtime_library_named(needed)) open_library(*library);
}

// The path to open instead of `path`.
const char* redirected(const char* path) noexcept {
  if (path == nullptr || *path == '\0') return path;
  if (auto library = runtime_library_named(path)) {
    const char* ours = lasting_path_of(*library);
    CUDA_SHIM_LOG(kDebug, "The application opens '{}' and gets '{}'.", path, ours);
    return ours;
  }
  if (std::strchr(path, '/') != nullptr) open_what_it_needs(path);
  return path;
}

}  // namespace

void* open_for_real(const char* path, int flags) {
  return real_open()(path, flags);
}

}  // namespace cuda_shim::loader

// Named by its assembler name: the C library's header declares dlopen noexcept, and such a function
// cannot end in a guaranteed jump.
extern "C" __attribute__((visibility("default"))) void* cuda_shim_dlopen(const char* path,
                                                                         int flags) asm("dlopen");

extern "C" void* cuda_shim_dlopen(const char* path, int flags) {
  const char* instead = cuda_shim::loader::redirected(path);
  cuda_shim::loader::OpenFunction open = cuda_shim::loader::real_open();
  [[clang::musttail]] return open(instead, flags);
}
