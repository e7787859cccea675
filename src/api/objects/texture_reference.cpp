#include "api/objects/texture_reference.h"

#include <cstring>

#include "api/objects/context.h"
#include "api/objects/module.h"
#include "support/log.h"

namespace cuda_shim::objects {

// --- BoundVariable

void BoundVariable::mark_changed() {
  changed_ = true;
  if (module_ != nullptr) module_->references_changed();
}

template <class Make>
Status BoundVariable::publish(std::string_view name, Make&& make) {
  if (!changed_ || module_ == nullptr) return {};
  Result<std::unique_ptr<Texture>> made = make();
  if (made) return write(*std::move(made));
  CUDA_SHIM_LOG(kWarning, "The reference '{}' is left unbound: {}", name, made.error().message());
  return write(nullptr);
}

// Kernels in flight may read what they were launched with: they end first.
Status BoundVariable::write(std::unique_ptr<Texture> made) {
  if (texture_ != nullptr)
    if (Status status = module_->context().synchronize(); !status) return status;
  const std::uint64_t handle = made != nullptr ? made->handle() : 0;
  std::memcpy(reinterpret_cast<void*>(address_), &handle, sizeof handle);
  texture_ = std::move(made);
  changed_ = false;
  return {};
}

// --- TextureReference

CUDA_TEXTURE_DESC initial_reading(const kernels::ReferenceOutline& outline) {
  CUDA_TEXTURE_DESC reading = {};
  for (unsigned axis = 0; axis < 3; ++axis)
    reading.addressMode[axis] = static_cast<CUaddress_mode>(outline.address_mode[axis]);
  reading.filterMode = outline.linear ? CU_TR_FILTER_MODE_LINEAR : CU_TR_FILTER_MODE_POINT;
  // A sampler leaves it to the texture whether coordinates are normalised, or says that they are
  // not.
  const bool normalized = outline.kind == kernels::ReferenceOutline::kSampler
                              ? !outline.forces_texels
                              : outline.normalized;
  reading.flags = normalized ? CU_TRSF_NORMALIZED_COORDINATES : 0;
  return reading;
}

TextureReference::TextureReference(Module& module, const kernels::VariableOutline& variable)
    : variable_(&module, module.memory() + variable.offset) {
  state_.reading = initial_reading(variable.reference);
}

TextureReference::TextureReference() : variable_(nullptr, 0) {
  state_.reading = initial_reading({});
}

TextureReference::State TextureReference::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

Status TextureReference::publish(std::string_view name) {
  std::lock_guard lock(mutex_);
  return variable_.publish(name, [&]() -> Result<std::unique_ptr<Texture>> {
    if (!state_.bound) return nullptr;
    return Texture::make(variable_.module()->context(), state_.resource, state_.reading);
  });
}

// --- SurfaceReference

SurfaceReference::SurfaceReference(Module& module, const kernels::VariableOutline& variable)
    : variable_(&module, module.memory() + variable.offset) {}

CUarray SurfaceReference::array() const {
  std::lock_guard lock(mutex_);
  return array_;
}

void SurfaceReference::set_array(CUarray array) {
  std::lock_guard lock(mutex_);
  array_ = array;
  variable_.mark_changed();
}

Status SurfaceReference::publish(std::string_view name) {
  std::lock_guard lock(mutex_);
  return variable_.publish(name, [&]() -> Result<std::unique_ptr<Texture>> {
    if (array_ == nullptr) return nullptr;
    CUDA_RESOURCE_DESC resource = {};
    resource.resType = CU_RESOURCE_TYPE_ARRAY;
    resource.res.array.hArray = array_;
    return Texture::make_surface(variable_.module()->context(), resource);
  });
}

}  // namespace cuda_shim::objects
