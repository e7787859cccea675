#include "loader/our_libraries.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdlib>

#include "loader/code_patch.h"
#include "loader/machine.h"
#include "loader/open_interposer.h"
#include "support/log.h"

namespace cuda_shim::loader {
namespace {

std::string find_folder() {
  Dl_info self = {};
  char real[PATH_MAX];
  if (::dladdr(reinterpret_cast<void*>(&library_folder), &self) == 0 ||
      ::realpath(self.dli_fname, real) == nullptr)
    return ".";
  std::string path(real);
  return path.substr(0, path.rfind('/'));
}

std::atomic<void*> handles[kRuntimeLibraries];

[[noreturn]] void give_up() {
  // The application called a CUDA function that has nowhere to go; its own runtime must not go on
  // half redirected.
  ::_exit(127);
}

// What a function answers that belongs to a newer runtime or driver than ours.
int answer_not_supported() {
  constexpr int kNotSupported = 801;  // cudaErrorNotSupported and CUDA_ERROR_NOT_SUPPORTED
  return kNotSupported;
}

// Named once: the slot leads past this afterwards.
void* refuse(const LazyTarget& target) {
  CUDA_SHIM_LOG(kWarning, "{} belongs to a newer {} than ours; it returns {}.", target.name,
                row(target.library).description,
                target.library == RuntimeLibrary::kDriver ? "CUDA_ERROR_NOT_SUPPORTED"
                                                          : "cudaErrorNotSupported");
  return reinterpret_cast<void*>(&answer_not_supported);
}

void* find(const LazyTarget& target) {
  void* library = open_library(target.library);
  if (library == nullptr) give_up();
  void* function = ::dlsym(library, target.name.c_str());
  if (function != nullptr) return function;
  CUDA_SHIM_LOG(kError, "Our {} has no function '{}'.", row(target.library).soname, target.name);
  give_up();
}

}  // namespace

const std::string& library_folder() {
  static const std::string folder = find_folder();
  return folder;
}

std::string path_of(RuntimeLibrary library) {
  return library_folder() + "/" + row(library).soname;
}

bool is_same_file(const char* a, const char* b) {
  struct stat first = {}, second = {};
  return ::stat(a, &first) == 0 && ::stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

void* open_library(RuntimeLibrary library) {
  std::atomic<void*>& handle = handles[static_cast<unsigned>(library)];
  if (void* opened = handle.load(std::memory_order_acquire)) return opened;
  std::string path = path_of(library);
  void* opened = open_for_real(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (opened == nullptr) {
    const char* reason = ::dlerror();
    CUDA_SHIM_LOG(kError, "Cannot open our {}: {}.", row(library).description,
                  reason ? reason : "no reason given");
    return nullptr;
  }
  handle.store(opened, std::memory_order_release);
  return opened;
}

}  // namespace cuda_shim::loader

// Called by cuda_shim_resolve_entry at the first call of a redirected function, in any thread.
extern "C" __attribute__((visibility("hidden"))) void* cuda_shim_resolve(
    cuda_shim::loader::LazyTarget* target) {
  using namespace cuda_shim::loader;
  void* function = target->lacking ? refuse(*target) : find(*target);
  __atomic_store_n(target->slot, function, __ATOMIC_RELEASE);
  return function;
}
