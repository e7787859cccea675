#pragma once
// CUDA arrays and mipmapped arrays: texels of a format in one, two or three dimensions, perhaps in
// layers or as the faces of cubes.
//
// Texels are stored in plain rows without gaps, in memory of the device that only arrays and
// texture objects know the address of. A layer or face is a slice. A level of a mipmapped array is
// an array that belongs to it.

#include <cuda.h>

#include <memory>
#include <vector>

#include "api/objects/context.h"
#include "api/objects/handle.h"
#include "cuda_shim/status.h"
#include "cuda_shim/texture.h"

namespace cuda_shim::objects {

/// What a CUarray_format means.
struct ArrayFormat {
  CUarray_format format;
  cuda_shim_texel texel;
  unsigned channel_bytes;
  unsigned channels;  ///< 0: as the description says
  bool normalized;    ///< read as [0, 1] or [-1, 1] whatever the texture says
};
/// Null for a format that is not supported.
const ArrayFormat* find_array_format(CUarray_format format);

/// Memory of the device for arrays and descriptors; freed with the object.
class DeviceBlock {
 public:
  static Result<DeviceBlock> make(Context& context, std::size_t bytes);
  DeviceBlock(DeviceBlock&& other) noexcept
      : context_(other.context_), address_(std::exchange(other.address_, 0)) {}
  DeviceBlock& operator=(DeviceBlock&&) = delete;
  ~DeviceBlock();
  std::uint64_t address() const { return address_; }

 private:
  DeviceBlock(Context& context, std::uint64_t address) : context_(context), address_(address) {}
  Context& context_;
  std::uint64_t address_;
};

class Array {
 public:
  static constexpr Kind kKind = Kind::kArray;
  using CHandle = CUarray;

  /// kInvalidValue for a description that CUDA refuses, kNotSupported, kOutOfMemory.
  static Result<std::unique_ptr<Array>> make(Context& context,
                                             const CUDA_ARRAY3D_DESCRIPTOR& description);

  CUarray handle() const { return handle_.as<CUarray>(); }
  Context& context() const { return context_; }
  const CUDA_ARRAY3D_DESCRIPTOR& description() const { return description_; }
  const ArrayFormat& format() const { return format_; }
  /// Whether it is a level of a mipmapped array.
  bool is_level() const { return memory_ == nullptr; }
  unsigned texel_bytes() const { return format_.channel_bytes * description_.NumChannels; }
  /// Address, pitches and extents, all at least 1.
  const cuda_shim_texture_level& storage() const { return storage_; }
  std::uint64_t bytes() const { return storage_.slice * storage_.depth; }

 private:
  friend class MipmappedArray;
  Array(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& description, const ArrayFormat& format);

  Context& context_;
  CUDA_ARRAY3D_DESCRIPTOR description_;
  const ArrayFormat& format_;
  cuda_shim_texture_level storage_ = {};
  std::unique_ptr<DeviceBlock> memory_;
  OwnedHandle<Array> handle_{this};
};

class MipmappedArray {
 public:
  static constexpr Kind kKind = Kind::kMipmappedArray;
  using CHandle = CUmipmappedArray;

  /// Levels beyond the one of a single texel are left out.
  static Result<std::unique_ptr<MipmappedArray>> make(Context& context,
                                                      const CUDA_ARRAY3D_DESCRIPTOR& description,
                                                      unsigned levels);

  CUmipmappedArray handle() const { return handle_.as<CUmipmappedArray>(); }
  Context& context() const { return context_; }
  unsigned level_count() const { return static_cast<unsigned>(levels_.size()); }
  Array& level(unsigned index) const { return *levels_[index]; }

 private:
  MipmappedArray(Context& context, DeviceBlock memory)
      : context_(context), memory_(std::move(memory)) {}

  Context& context_;
  DeviceBlock memory_;
  std::vector<std::unique_ptr<Array>> levels_;
  OwnedHandle<MipmappedArray> handle_{this};
};

}  // namespace cuda_shim::objects
