#include "api/objects/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "api/objects/context.h"
#include "api/objects/function.h"
#include "api/objects/memory.h"
#include "api/objects/texture_reference.h"

namespace cuda_shim::objects {

Module::Module(Context& context, std::shared_ptr<const kernels::ProgramImage> image,
               const Library* library)
    : context_(context),
      image_(std::move(image)),
      library_(library),
      functions_(image_->outline().kernels().size()) {}

Module::~Module() {
  functions_.clear();
  texture_references_.clear();
  surface_references_.clear();
  if (memory_ != 0) free_module_memory(context_, memory_);
}

Result<std::unique_ptr<Module>> Module::make(Context& context,
                                             std::shared_ptr<const kernels::ProgramImage> image,
                                             const Library* library) {
  std::unique_ptr<Module> module(new Module(context, std::move(image), library));
  Status status = module->place_variables();
  if (!status) return error(std::move(status).with_context("Placing the module's variables"));
  return module;
}

Status Module::place_variables() {
  std::uint64_t bytes = outline().memory_bytes();
  if (bytes == 0) return {};
  Result<std::uint64_t> address = allocate_device(context_, bytes, MemoryKind::kModule, 0,
                                                  std::max(outline().memory_alignment(), 256u));
  if (!address) return std::move(address.error());
  memory_ = *address;
  const std::span<const std::byte> initial = outline().initialised_prefix();
  std::vector<std::byte> contents(bytes);
  std::ranges::copy(initial, contents.begin());
  for (const kernels::AddressFixup& fixup : outline().fixups()) {
    std::uint64_t value = memory_ + fixup.target;
    std::memcpy(contents.data() + fixup.offset, &value, sizeof value);
  }
  if (Status status = make_samplers(contents); !status) return status;
  // Nothing can use the memory before this returns. Where the host reaches it, loading does not
  // wait for what the legacy stream is doing: that may be waiting for the thread that loads.
  if (context_.device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY)) {
    std::memcpy(reinterpret_cast<void*>(memory_), contents.data(), bytes);
    return {};
  }
  auto source = reinterpret_cast<std::uint64_t>(contents.data());
  cuda_shim_copy copy = {memory_, source, bytes, 1, 1, bytes, bytes, bytes, bytes};
  WorkQueue& queue = *context_.legacy_stream().queue();
  if (Status status = queue.device().copy(copy); !status) return status;
  queue.submitted();
  return queue.drain();
}

Status Module::make_samplers(std::span<std::byte> contents) {
  for (const kernels::VariableOutline& variable : outline().variables()) {
    if (variable.reference.kind != kernels::ReferenceOutline::kSampler) continue;
    Result<std::unique_ptr<Texture>> made =
        Texture::make_sampler(context_, initial_reading(variable.reference));
    if (!made)
      return std::move(made.error()).with_context(fmt::format("Making '{}'", variable.name));
    const std::uint64_t handle = (*made)->handle();
    std::memcpy(contents.data() + variable.offset, &handle, sizeof handle);
    samplers_.push_back(*std::move(made));
  }
  return {};
}

Result<Function*> Module::function(std::string_view name) {
  const kernels::KernelOutline* kernel = outline().kernel(name);
  if (kernel == nullptr)
    return error(StatusCode::kNotFound, fmt::format("The module has no kernel '{}'.", name));
  return &function(static_cast<std::size_t>(kernel - outline().kernels().data()));
}

Function& Module::function(std::size_t index) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Function>& made = functions_[index];
  if (made == nullptr) made = std::make_unique<Function>(*this, index);
  return *made;
}

Result<Module::Global> Module::global(std::string_view name) const {
  const kernels::VariableOutline* variable = outline().variable(name);
  if (variable == nullptr)
    return error(StatusCode::kNotFound, fmt::format("The module has no variable '{}'.", name));
  return Global{memory_ + variable->offset, variable->bytes};
}

// --- References

namespace {

template <class Reference>
Result<Reference*> find_or_make(
    Module& module, std::string_view name, kernels::ReferenceOutline::Kind kind,
    std::unordered_map<std::string_view, std::unique_ptr<Reference>>& known) {
  const kernels::VariableOutline* variable = module.outline().variable(name);
  if (variable == nullptr || variable->reference.kind != kind)
    return error(StatusCode::kNotFound, fmt::format("The module has no reference '{}'.", name));
  std::unique_ptr<Reference>& found = known[variable->name];
  if (found == nullptr) found = std::make_unique<Reference>(module, *variable);
  return found.get();
}

}  // namespace

Result<TextureReference*> Module::texture_reference(std::string_view name) {
  std::lock_guard lock(references_mutex_);
  return find_or_make(*this, name, kernels::ReferenceOutline::kTexture, texture_references_);
}

Result<SurfaceReference*> Module::surface_reference(std::string_view name) {
  std::lock_guard lock(references_mutex_);
  return find_or_make(*this, name, kernels::ReferenceOutline::kSurface, surface_references_);
}

Status Module::publish_changed() {
  std::lock_guard lock(references_mutex_);
  references_changed_.store(false, std::memory_order_release);
  Status status;
  for (auto& [name, reference] : texture_references_)
    if (status) status = reference->publish(name);
  for (auto& [name, reference] : surface_references_)
    if (status) status = reference->publish(name);
  if (!status) references_changed();
  return status;
}

}  // namespace cuda_shim::objects
