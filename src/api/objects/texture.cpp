#include "api/objects/texture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "api/objects/allocations.h"
#include "api/objects/texture_view.h"

namespace cuda_shim::objects {
namespace {

Status refuse(std::string why) {
  return Status(StatusCode::kInvalidValue, std::move(why));
}
Status no_array() {
  return Status(StatusCode::kInvalidHandle, "The resource is not a live array.");
}

// --- Resources

void set_format(cuda_shim_texture& out, const ArrayFormat& format, unsigned channels) {
  out.texel = static_cast<std::uint8_t>(format.texel);
  out.channels = static_cast<std::uint8_t>(channels);
  out.normalized_values = format.normalized;
}

void set_kind_of_array(cuda_shim_texture& out, unsigned flags) {
  out.layered = (flags & CUDA_ARRAY3D_LAYERED) != 0;
  out.cube = (flags & CUDA_ARRAY3D_CUBEMAP) != 0;
}

Status take_array(const CUDA_RESOURCE_DESC& resource, cuda_shim_texture& out) {
  const Array* array = find<Array>(resource.res.array.hArray);
  if (array == nullptr) return no_array();
  set_format(out, array->format(), array->description().NumChannels);
  set_kind_of_array(out, array->description().Flags);
  out.levels = 1;
  out.level[0] = array->storage();
  return {};
}

Status take_mipmapped(const CUDA_RESOURCE_DESC& resource, cuda_shim_texture& out) {
  const MipmappedArray* array = find<MipmappedArray>(resource.res.mipmap.hMipmappedArray);
  if (array == nullptr) return no_array();
  set_format(out, array->level(0).format(), array->level(0).description().NumChannels);
  set_kind_of_array(out, array->level(0).description().Flags);
  out.mipmapped = 1;
  out.levels = static_cast<std::uint8_t>(array->level_count());
  for (unsigned i = 0; i < array->level_count(); ++i) out.level[i] = array->level(i).storage();
  return {};
}

// The format of plain memory.
Status take_format(CUarray_format format, unsigned channels, cuda_shim_texture& out,
                   unsigned* texel_bytes) {
  const ArrayFormat* found = find_array_format(format);
  if (found == nullptr)
    return Status(StatusCode::kNotSupported,
                  fmt::format("Format 0x{:x} is not supported.", static_cast<unsigned>(format)));
  const bool fits = found->channels != 0 ? channels == found->channels
                                         : channels == 1 || channels == 2 || channels == 4;
  if (!fits) return refuse(fmt::format("The format has no {} channels.", channels));
  set_format(out, *found, channels);
  *texel_bytes = channels * found->channel_bytes;
  return {};
}

Status check_memory(Context& context, CUdeviceptr address, std::uint64_t bytes) {
  Result<int> alignment = device_attribute(context.device(), CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
  if (alignment && address % static_cast<unsigned>(*alignment) != 0)
    return refuse(fmt::format("Address 0x{:x} is not aligned to {} bytes.", address, *alignment));
  const std::optional<Allocation> found = allocations().find(address);
  const bool inside =
      found && (found->holds(address, bytes) ||
                (found->kind == MemoryKind::kVirtual && allocations().is_mapped(address, bytes)));
  if (inside) return {};
  return refuse(
      fmt::format("The {} bytes at 0x{:x} are not inside one allocation.", bytes, address));
}

constexpr std::uint64_t kMostLinearTexels = 1u << 28;

Status take_linear(Context& context, const CUDA_RESOURCE_DESC& resource, cuda_shim_texture& out) {
  const auto& linear = resource.res.linear;
  unsigned texel_bytes = 0;
  if (Status status = take_format(linear.format, linear.numChannels, out, &texel_bytes); !status)
    return status;
  const std::uint64_t texels = linear.sizeInBytes / texel_bytes;
  if (texels == 0 || texels > kMostLinearTexels)
    return refuse(fmt::format("{} bytes are no linear texture.", linear.sizeInBytes));
  if (Status status = check_memory(context, linear.devPtr, linear.sizeInBytes); !status)
    return status;
  out.levels = 1;
  out.level[0] = {linear.devPtr,
                  linear.sizeInBytes,
                  linear.sizeInBytes,
                  static_cast<std::uint32_t>(texels),
                  1,
                  1,
                  0};
  return {};
}

Status take_pitched(Context& context, const CUDA_RESOURCE_DESC& resource, cuda_shim_texture& out) {
  const auto& plane = resource.res.pitch2D;
  unsigned texel_bytes = 0;
  if (Status status = take_format(plane.format, plane.numChannels, out, &texel_bytes); !status)
    return status;
  const objects::Device& device = context.device();
  const auto exceeds = [&](std::size_t value, CUdevice_attribute limit) {
    Result<int> most = device_attribute(device, limit);
    return value == 0 || !most || value > static_cast<std::size_t>(*most);
  };
  Result<int> step = device_attribute(device, CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT);
  if (exceeds(plane.width, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH) ||
      exceeds(plane.height, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT) ||
      exceeds(plane.pitchInBytes, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH) || !step ||
      plane.pitchInBytes % static_cast<unsigned>(*step) != 0 ||
      plane.pitchInBytes < plane.width * texel_bytes)
    return refuse(fmt::format("{} x {} texels with a pitch of {} bytes are no texture.",
                              plane.width, plane.height, plane.pitchInBytes));
  const std::uint64_t bytes = plane.pitchInBytes * (plane.height - 1) + plane.width * texel_bytes;
  if (Status status = check_memory(context, plane.devPtr, bytes); !status) return status;
  out.levels = 1;
  out.level[0] = {plane.devPtr,
                  plane.pitchInBytes,
                  plane.pitchInBytes * plane.height,
                  static_cast<std::uint32_t>(plane.width),
                  static_cast<std::uint32_t>(plane.height),
                  1,
                  0};
  return {};
}

Status take_resource(Context& context, const CUDA_RESOURCE_DESC& resource, cuda_shim_texture& out) {
  out.magic = CUDA_SHIM_TEXTURE_MAGIC;
  out.kind = CUDA_SHIM_OPAQUE_TEXTURE;
  if (resource.flags != 0) return refuse("The flags of a resource must be 0.");
  switch (resource.resType) {
    case CU_RESOURCE_TYPE_ARRAY:
      return take_array(resource, out);
    case CU_RESOURCE_TYPE_MIPMAPPED_ARRAY:
      return take_mipmapped(resource, out);
    case CU_RESOURCE_TYPE_LINEAR:
      return take_linear(context, resource, out);
    case CU_RESOURCE_TYPE_PITCH2D:
      return take_pitched(context, resource, out);
  }
  return refuse(fmt::format("{} is no resource type.", static_cast<int>(resource.resType)));
}

// --- How it is read

constexpr unsigned kKnownFlags = CU_TRSF_READ_AS_INTEGER | CU_TRSF_NORMALIZED_COORDINATES |
                                 CU_TRSF_SRGB | CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION |
                                 CU_TRSF_SEAMLESS_CUBEMAP;

constexpr unsigned kMostAnisotropy = 16;

bool is_wide_integer(const cuda_shim_texture& texture) {
  return texture.texel == CUDA_SHIM_TEXEL_U32 || texture.texel == CUDA_SHIM_TEXEL_S32;
}
bool is_float(const cuda_shim_texture& texture) {
  return texture.texel == CUDA_SHIM_TEXEL_F16 || texture.texel == CUDA_SHIM_TEXEL_F32;
}

/// Formats that have a form for sRGB.
bool holds_colors(const cuda_shim_texture& texture) {
  const bool colors =
      (texture.blocks >= CUDA_SHIM_BLOCKS_BC1 && texture.blocks <= CUDA_SHIM_BLOCKS_BC3) ||
      texture.blocks == CUDA_SHIM_BLOCKS_BC7;
  return colors || texture.texel == CUDA_SHIM_TEXEL_U8;
}

Status check_reading(const CUDA_RESOURCE_DESC& resource, const CUDA_TEXTURE_DESC& reading) {
  if (reading.flags & ~kKnownFlags)
    return Status(StatusCode::kNotSupported, fmt::format("Texture flags 0x{:x} are not supported.",
                                                         reading.flags & ~kKnownFlags));
  for (CUaddress_mode mode : reading.addressMode)
    if (mode < CU_TR_ADDRESS_MODE_WRAP || mode > CU_TR_ADDRESS_MODE_BORDER)
      return refuse(fmt::format("{} is no address mode.", static_cast<int>(mode)));
  for (CUfilter_mode mode : {reading.filterMode, reading.mipmapFilterMode})
    if (mode < CU_TR_FILTER_MODE_POINT || mode > CU_TR_FILTER_MODE_LINEAR)
      return refuse(fmt::format("{} is no filter mode.", static_cast<int>(mode)));
  const bool mipmapped = resource.resType == CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
  if (mipmapped && (reading.flags & CU_TRSF_NORMALIZED_COORDINATES) == 0)
    return refuse("A mipmapped texture is read by normalised coordinates.");
  return {};
}

// Repetition is by normalised coordinates only: CUDA clamps without. Plain memory is 0 outside.
void set_address_modes(const CUDA_RESOURCE_DESC& resource, const CUDA_TEXTURE_DESC& reading,
                       cuda_shim_texture& out) {
  const bool linear = resource.resType == CU_RESOURCE_TYPE_LINEAR;
  for (unsigned d = 0; d < 3; ++d) {
    CUaddress_mode mode = reading.addressMode[d];
    const bool repeats = mode == CU_TR_ADDRESS_MODE_WRAP || mode == CU_TR_ADDRESS_MODE_MIRROR;
    if (repeats && !out.normalized_coordinates) mode = CU_TR_ADDRESS_MODE_CLAMP;
    if (linear) mode = CU_TR_ADDRESS_MODE_BORDER;
    out.address_mode[d] = static_cast<std::uint8_t>(mode);
  }
  if (!linear) std::memcpy(out.border, reading.borderColor, sizeof out.border);
}

Status set_reading(const CUDA_RESOURCE_DESC& resource, const CUDA_TEXTURE_DESC& reading,
                   cuda_shim_texture& out) {
  if (Status status = check_reading(resource, reading); !status) return status;
  const bool linear_memory = resource.resType == CU_RESOURCE_TYPE_LINEAR;
  const bool promotes = (reading.flags & CU_TRSF_READ_AS_INTEGER) == 0;
  if (promotes && !is_float(out) && !is_wide_integer(out)) out.normalized_values = 1;
  out.normalized_coordinates =
      !linear_memory && (reading.flags & CU_TRSF_NORMALIZED_COORDINATES) != 0;
  out.seamless = (reading.flags & CU_TRSF_SEAMLESS_CUBEMAP) != 0;
  out.srgb = (reading.flags & CU_TRSF_SRGB) != 0 && holds_colors(out);
  out.linear_filter = !linear_memory && reading.filterMode == CU_TR_FILTER_MODE_LINEAR;
  out.linear_levels = reading.mipmapFilterMode == CU_TR_FILTER_MODE_LINEAR;
  if ((out.linear_filter || (out.linear_levels && out.levels > 1)) && !out.normalized_values &&
      !is_float(out))
    return refuse("Integers that are read as such cannot be filtered.");
  out.greatest_anisotropy = std::min(reading.maxAnisotropy, kMostAnisotropy);
  out.level_bias = reading.mipmapLevelBias;
  out.least_level = reading.minMipmapLevelClamp;
  out.greatest_level = reading.maxMipmapLevelClamp;
  set_address_modes(resource, reading, out);
  return {};
}

}  // namespace

Result<std::unique_ptr<Texture>> Texture::place(Context& context,
                                                const cuda_shim_texture& descriptor,
                                                const CUDA_RESOURCE_DESC& resource,
                                                const CUDA_TEXTURE_DESC& reading) {
  if (!context.device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY))
    return error(StatusCode::kNotSupported, "This device has no texture unit yet.");
  Result<DeviceBlock> memory = DeviceBlock::make(context, sizeof descriptor);
  if (!memory) return error(std::move(memory.error()));
  std::memcpy(reinterpret_cast<void*>(memory->address()), &descriptor, sizeof descriptor);
  return std::unique_ptr<Texture>(new Texture(
      context, resource, reading, descriptor.kind == CUDA_SHIM_OPAQUE_SURFACE, *std::move(memory)));
}

Result<std::unique_ptr<Texture>> Texture::make(Context& context, const CUDA_RESOURCE_DESC& resource,
                                               const CUDA_TEXTURE_DESC& reading,
                                               const CUDA_RESOURCE_VIEW_DESC* view) {
  cuda_shim_texture descriptor = {};
  Status status = take_resource(context, resource, descriptor);
  if (status && view != nullptr) status = apply_view(resource, *view, descriptor);
  if (status) status = set_reading(resource, reading, descriptor);
  if (!status) return error(std::move(status));
  Result<std::unique_ptr<Texture>> made = place(context, descriptor, resource, reading);
  if (made && view != nullptr) (*made)->view_ = *view;
  return made;
}

Result<std::unique_ptr<Texture>> Texture::make_surface(Context& context,
                                                       const CUDA_RESOURCE_DESC& resource) {
  if (resource.resType != CU_RESOURCE_TYPE_ARRAY)
    return error(refuse("A surface is made of an array."));
  cuda_shim_texture descriptor = {};
  if (Status status = take_resource(context, resource, descriptor); !status)
    return error(std::move(status));
  descriptor.kind = CUDA_SHIM_OPAQUE_SURFACE;
  return place(context, descriptor, resource, {});
}

Result<std::unique_ptr<Texture>> Texture::make_sampler(Context& context,
                                                       const CUDA_TEXTURE_DESC& reading) {
  cuda_shim_texture descriptor = {};
  descriptor.magic = CUDA_SHIM_TEXTURE_MAGIC;
  descriptor.kind = CUDA_SHIM_OPAQUE_SAMPLER;
  descriptor.texel = CUDA_SHIM_TEXEL_F32;  // which can be filtered
  const CUDA_RESOURCE_DESC no_resource = {};
  if (Status status = set_reading(no_resource, reading, descriptor); !status)
    return error(std::move(status));
  return place(context, descriptor, no_resource, reading);
}

// --- Textures

std::uint64_t Textures::add(std::unique_ptr<Texture> texture) {
  const std::uint64_t handle = texture->handle();
  std::lock_guard lock(mutex_);
  objects_[handle] = std::move(texture);
  return handle;
}

std::unique_ptr<Texture> Textures::take(std::uint64_t handle, bool surface) {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(handle);
  if (found == objects_.end() || found->second->is_surface() != surface) return nullptr;
  std::unique_ptr<Texture> taken = std::move(found->second);
  objects_.erase(found);
  return taken;
}

bool Textures::describe(std::uint64_t handle, bool surface, CUDA_RESOURCE_DESC* resource,
                        CUDA_TEXTURE_DESC* reading) const {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(handle);
  if (found == objects_.end() || found->second->is_surface() != surface) return false;
  if (resource != nullptr) *resource = found->second->resource();
  if (reading != nullptr) *reading = found->second->reading();
  return true;
}

Status Textures::describe_view(std::uint64_t handle, CUDA_RESOURCE_VIEW_DESC* view) const {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(handle);
  if (found == objects_.end() || found->second->is_surface())
    return Status(StatusCode::kInvalidHandle, "The texture object is not live.");
  if (!found->second->view()) return refuse("The texture object was made without a view.");
  *view = *found->second->view();
  return {};
}

void Textures::erase_context(const Context& context) {
  std::vector<std::unique_ptr<Texture>> ended;  // their memory is freed without the lock
  std::lock_guard lock(mutex_);
  for (auto& [handle, texture] : objects_)
    if (&texture->context() == &context) ended.push_back(std::move(texture));
  std::erase_if(objects_, [](const auto& entry) { return entry.second == nullptr; });
}

// Never destroyed: applications call us from exit handlers.
Textures& textures() {
  static auto* all = new Textures;
  return *all;
}

}  // namespace cuda_shim::objects
