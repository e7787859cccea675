#pragma once
// Our libcuda.so.1, opened at run time: the command must tell what is wrong with an installation
// even where it is missing. Its functions are declared where they are used, because CUDA's headers
// belong to the API layer alone.

#include <dlfcn.h>

#include <string>

#include "cuda_shim/status.h"

namespace cuda_shim::launcher {

class DriverLibrary {
 public:
  /// kSharedObjectInitFailed: missing, or it does not open.
  static Result<DriverLibrary> open(const std::string& path);

  /// Looks a function up; once one is missing complete() says which.
  template <class Function>
  DriverLibrary& find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(handle_, name));
    if (function == nullptr) missing_ = name;
    return *this;
  }
  /// kSharedObjectInitFailed if a function was not there.
  Status complete() const;

 private:
  DriverLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  void* handle_;
  std::string path_;
  std::string missing_;
};

/// The error of a call that did not answer 0.
Status check_driver(int result, const char* function);

}  // namespace cuda_shim::launcher
