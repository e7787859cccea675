#include "api/objects/library.h"

#include <fmt/format.h>

#include "api/objects/context.h"
#include "api/objects/function.h"
#include "api/objects/module.h"

namespace cuda_shim::objects {

Library::Library(ProgramPointer program)
    : program_(std::move(program)), kernels_(program_->outline().kernels().size()) {}

Library::~Library() {
  Context::for_each([this](Context& context) { context.drop_library(*this); });
}

Result<Kernel*> Library::kernel(std::string_view name) {
  const kernels::KernelOutline* kernel = program_->outline().kernel(name);
  if (kernel == nullptr)
    return error(StatusCode::kNotFound, fmt::format("The library has no kernel '{}'.", name));
  return &this->kernel(static_cast<std::size_t>(kernel - program_->outline().kernels().data()));
}

Kernel& Library::kernel(std::size_t index) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Kernel>& made = kernels_[index];
  if (made == nullptr) made = std::make_unique<Kernel>(*this, index);
  return *made;
}

Kernel::Kernel(Library& library, std::size_t index)
    : library_(library), index_(index), name_(library.outline().kernels()[index].name) {}

Result<Function*> Kernel::in(Context& context) {
  const Entry* latest = latest_.load(std::memory_order_acquire);
  std::uint64_t activation = context.activation();
  if (latest != nullptr && latest->activation == activation) return latest->function;
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Entry>& entry : entries_) {
    if (entry->activation != activation) continue;
    latest_.store(entry.get(), std::memory_order_release);
    return entry->function;
  }
  Result<Module*> module = context.library_module(library_);
  if (!module) return error(std::move(module.error()));
  entries_.push_back(std::make_unique<Entry>(activation, &(*module)->function(index_)));
  latest_.store(entries_.back().get(), std::memory_order_release);
  return entries_.back()->function;
}

Result<Function*> resolve_function(Context& context, CUfunction handle) {
  if (Function* function = find<Function>(handle)) return function;
  if (Kernel* kernel = find<Kernel>(reinterpret_cast<CUkernel>(handle))) return kernel->in(context);
  return error(StatusCode::kInvalidHandle, "The handle is not that of a live function or kernel.");
}

}  // namespace cuda_shim::objects
