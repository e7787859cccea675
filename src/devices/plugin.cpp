// Plug-ins: a shared object that exports one function, CUDA_SHIM_BACKEND_ENTRY, which returns its
// table.

#include <dlfcn.h>
#include <fmt/format.h>

#include "cuda_shim/version.h"
#include "devices/backends.h"

namespace cuda_shim::devices {

Result<const cuda_shim_backend*> load_plugin(const std::string& path) {
  // Local, so that a plug-in that brings its own runtime does not change the application's symbols.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library)
    return error(StatusCode::kSharedObjectInitFailed,
                 fmt::format("Plug-in '{}' cannot be loaded: {}.", path, ::dlerror()));
  auto entry = reinterpret_cast<cuda_shim_backend_entry>(::dlsym(library, CUDA_SHIM_BACKEND_ENTRY));
  if (!entry)
    return error(
        StatusCode::kSharedObjectSymbolNotFound,
        fmt::format("'{}' is no plug-in: it does not export {}.", path, CUDA_SHIM_BACKEND_ENTRY));
  const cuda_shim_backend* backend = entry(CUDA_SHIM_DEVICE_ABI);
  if (!backend)
    return error(StatusCode::kSharedObjectInitFailed,
                 fmt::format("Plug-in '{}' does not serve version {} of the device table.", path,
                             CUDA_SHIM_DEVICE_ABI));
  return backend;
}

}  // namespace cuda_shim::devices
