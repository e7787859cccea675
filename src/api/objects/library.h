#pragma once
// Libraries and their kernels: programs that belong to no context (cuLibrary*, cuKernel*). A
// context that uses one gets a module of it.

#include <cuda.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "api/objects/handle.h"
#include "api/objects/program_source.h"

namespace cuda_shim::objects {

class Context;
class Function;
class Kernel;
class Module;

class Library {
 public:
  static constexpr Kind kKind = Kind::kLibrary;
  using CHandle = CUlibrary;

  explicit Library(ProgramPointer program);
  ~Library();

  CUlibrary handle() const { return handle_.as<CUlibrary>(); }
  const ProgramPointer& program() const { return program_; }
  const kernels::ProgramOutline& outline() const { return program_->outline(); }
  /// kNotFound if there is no such kernel.
  Result<Kernel*> kernel(std::string_view name);
  Kernel& kernel(std::size_t index);

 private:
  ProgramPointer program_;
  std::mutex mutex_;  // guards the making of kernels_
  std::vector<std::unique_ptr<Kernel>> kernels_;
  OwnedHandle<Library> handle_{this};
};

class Kernel {
 public:
  static constexpr Kind kKind = Kind::kKernel;
  using CHandle = CUkernel;

  Kernel(Library& library, std::size_t index);

  CUkernel handle() const { return handle_.as<CUkernel>(); }
  Library& library() const { return library_; }
  const kernels::KernelOutline& outline() const { return library_.outline().kernels()[index_]; }
  const char* name() const { return name_.c_str(); }
  /// The function in a context; the library is loaded there on first use. One load and one
  /// comparison when it is known.
  Result<Function*> in(Context& context);

 private:
  // Never changed once published, and kept as long as the kernel: readers take no lock.
  struct Entry {
    std::uint64_t activation;
    Function* function;
  };

  Library& library_;
  std::size_t index_;
  std::string name_;
  std::atomic<const Entry*> latest_ = nullptr;
  std::mutex mutex_;  // guards entries_
  std::vector<std::unique_ptr<Entry>> entries_;
  OwnedHandle<Kernel> handle_{this};
};

/// The function behind a CUfunction, or behind a CUkernel that was cast to one, in the context.
Result<Function*> resolve_function(Context& context, CUfunction handle);

}  // namespace cuda_shim::objects
