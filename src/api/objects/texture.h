#pragma once
// Texture and surface objects: a resource, how it is read, and the descriptor in device memory that
// kernels know them by. The handle is the descriptor's address.

#include <cuda.h>

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "api/objects/array.h"
#include "cuda_shim/status.h"
#include "cuda_shim/texture.h"

namespace cuda_shim::objects {

class Texture {
 public:
  /// kInvalidValue, kInvalidHandle for an array that is not live, kNotSupported.
  /// `view` may be null.
  static Result<std::unique_ptr<Texture>> make(Context& context, const CUDA_RESOURCE_DESC& resource,
                                               const CUDA_TEXTURE_DESC& reading,
                                               const CUDA_RESOURCE_VIEW_DESC* view = nullptr);
  static Result<std::unique_ptr<Texture>> make_surface(Context& context,
                                                       const CUDA_RESOURCE_DESC& resource);
  /// How a texture is read, without one. Normalised coordinates mean that the texture decides.
  static Result<std::unique_ptr<Texture>> make_sampler(Context& context,
                                                       const CUDA_TEXTURE_DESC& reading);

  std::uint64_t handle() const { return memory_.address(); }
  Context& context() const { return context_; }
  bool is_surface() const { return surface_; }
  const CUDA_RESOURCE_DESC& resource() const { return resource_; }
  /// Of a texture.
  const CUDA_TEXTURE_DESC& reading() const { return reading_; }
  /// Of a texture that was made with one.
  const std::optional<CUDA_RESOURCE_VIEW_DESC>& view() const { return view_; }

 private:
  Texture(Context& context, const CUDA_RESOURCE_DESC& resource, const CUDA_TEXTURE_DESC& reading,
          bool surface, DeviceBlock memory)
      : context_(context),
        resource_(resource),
        reading_(reading),
        surface_(surface),
        memory_(std::move(memory)) {}
  static Result<std::unique_ptr<Texture>> place(Context& context,
                                                const cuda_shim_texture& descriptor,
                                                const CUDA_RESOURCE_DESC& resource,
                                                const CUDA_TEXTURE_DESC& reading);

  Context& context_;
  CUDA_RESOURCE_DESC resource_;
  CUDA_TEXTURE_DESC reading_;
  std::optional<CUDA_RESOURCE_VIEW_DESC> view_;
  bool surface_;
  DeviceBlock memory_;
};

/// All texture and surface objects by their handles.
class Textures {
 public:
  std::uint64_t add(std::unique_ptr<Texture> texture);
  /// Null if it is not live, or is the other kind.
  std::unique_ptr<Texture> take(std::uint64_t handle, bool surface);
  /// The descriptions, copied; false if there is no such object.
  bool describe(std::uint64_t handle, bool surface, CUDA_RESOURCE_DESC* resource,
                CUDA_TEXTURE_DESC* reading) const;
  /// kInvalidHandle if there is no such texture object, kInvalidValue if it was made without a
  /// view.
  Status describe_view(std::uint64_t handle, CUDA_RESOURCE_VIEW_DESC* view) const;
  void erase_context(const Context& context);

 private:
  mutable std::mutex mutex_;  // guards objects_
  std::unordered_map<std::uint64_t, std::unique_ptr<Texture>> objects_;
};

/// The process's objects.
Textures& textures();

}  // namespace cuda_shim::objects
