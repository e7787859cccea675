// Texture and surface instructions of translated code: the handle is checked, the texture unit does
// the rest (texture/). Stateless, so that threads need no order among themselves.

#include <bit>

#include "cuda_shim/host_abi.h"
#include "cuda_shim/status.h"
#include "devices/cpu/scheduler.h"
#include "devices/cpu/texture/fetch.h"
#include "devices/cpu/texture/group.h"
#include "devices/cpu/texture/sampler.h"
#include "devices/cpu/texture/surface.h"
#include "devices/cpu/texture/tensor.h"

using namespace cuda_shim::devices::cpu;
using cuda_shim::StatusCode;

namespace {

// A handle is the address of a descriptor. One that points nowhere faults as any address does; null
// is the most frequent of those that are wrong.
const cuda_shim_texture* find_descriptor(std::uint64_t handle) {
  const auto* found = reinterpret_cast<const cuda_shim_texture*>(handle);
  const bool is_one = found != nullptr && handle % alignof(cuda_shim_texture) == 0 &&
                      found->magic == CUDA_SHIM_TEXTURE_MAGIC;
  return is_one ? found : nullptr;
}

const cuda_shim_texture& descriptor(cuda_shim_host_thread* thread, std::uint64_t handle) {
  if (const cuda_shim_texture* found = find_descriptor(handle)) return *found;
  scheduler_of(thread).fail(StatusCode::kIllegalAddress,
                            "A texture or surface handle is not that of a live object.");
}

const cuda_shim_texture& texture_at(cuda_shim_host_thread* thread, std::uint64_t handle) {
  const cuda_shim_texture& texture = descriptor(thread, handle);
  if (texture.kind == CUDA_SHIM_OPAQUE_TEXTURE) return texture;
  scheduler_of(thread).fail(StatusCode::kIllegalAddress,
                            "A texture instruction was given the handle of something else.");
}

const cuda_shim_texture& sampler_at(cuda_shim_host_thread* thread, std::uint64_t handle) {
  const cuda_shim_texture& sampler = descriptor(thread, handle);
  if (sampler.kind == CUDA_SHIM_OPAQUE_SAMPLER) return sampler;
  scheduler_of(thread).fail(StatusCode::kIllegalAddress,
                            "A texture is to be read by the handle of something else than a "
                            "sampler.");
}

constexpr unsigned kMostGroupLanes = 64;

std::uint64_t sampler_of(const std::uint32_t* words, unsigned lanes, unsigned lane) {
  const std::uint32_t* low = words + CUDA_SHIM_TEXTURE_WORD_SAMPLER * lanes + lane;
  return low[0] | static_cast<std::uint64_t>(low[lanes]) << 32;
}

/// The lanes of the group that have the sampler of its first lane.
std::uint64_t lanes_of_first_sampler(const LaneGroup& group) {
  const std::uint64_t first = sampler_of(group.words, group.lanes, std::countr_zero(group.active));
  std::uint64_t found = 0;
  for (unsigned lane = 0; lane < group.lanes; ++lane)
    if (sampler_of(group.words, group.lanes, lane) == first) found |= std::uint64_t{1} << lane;
  return found & group.active;
}

/// For each sampler that a lane has. A fetch may write to lanes that do not take part.
void fetch_by_samplers(cuda_shim_host_thread* thread, const cuda_shim_texture& texture,
                       std::uint32_t operation, const LaneGroup& group) {
  std::uint32_t results[kMostGroupLanes * 4];
  LaneGroup part = {group.words, results, group.lanes, 0};
  for (std::uint64_t left = group.active; left != 0; left &= ~part.active) {
    part.active = left;
    part.active = lanes_of_first_sampler(part);
    const unsigned first = std::countr_zero(part.active);
    const auto& sampler = sampler_at(thread, sampler_of(part.words, part.lanes, first));
    fetch_texture_group(with_sampler(texture, sampler), operation & ~CUDA_SHIM_TEXTURE_SAMPLER,
                        part);
    for (unsigned i = 0; i < 4 * group.lanes; ++i)
      if ((part.active >> (i % group.lanes) & 1) != 0) group.results[i] = results[i];
  }
}

void check(cuda_shim_host_thread* thread, SurfaceAccess access) {
  switch (access) {
    case SurfaceAccess::kDone:
      return;
    case SurfaceAccess::kOutside:
      scheduler_of(thread).fail(StatusCode::kLaunchFailed,
                                "A surface was accessed outside of its extent.");
    case SurfaceAccess::kMisaligned:
      scheduler_of(thread).fail(StatusCode::kMisalignedAddress,
                                "The byte coordinate of a surface access is no multiple of the "
                                "bytes accessed.");
  }
}

}  // namespace

extern "C" {

void cuda_shim_host_texture_fetch(cuda_shim_host_thread* thread, uint32_t* result, uint64_t handle,
                                  uint32_t operation, const uint32_t* words) {
  const cuda_shim_texture& texture = texture_at(thread, handle);
  if ((operation & CUDA_SHIM_TEXTURE_SAMPLER) == 0)
    return fetch_texture(texture, operation, words, result);
  const cuda_shim_texture& sampler = sampler_at(thread, sampler_of(words, 1, 0));
  fetch_texture(with_sampler(texture, sampler), operation & ~CUDA_SHIM_TEXTURE_SAMPLER, words,
                result);
}

void cuda_shim_host_texture_fetch_group(cuda_shim_host_thread* thread, uint32_t* results,
                                        uint64_t handle, uint32_t operation, const uint32_t* words,
                                        uint32_t lanes, uint64_t active) {
  const cuda_shim_texture& texture = texture_at(thread, handle);
  const LaneGroup group = {words, results, lanes, active};
  if ((operation & CUDA_SHIM_TEXTURE_SAMPLER) == 0)
    fetch_texture_group(texture, operation, group);
  else
    fetch_by_samplers(thread, texture, operation, group);
}

uint32_t cuda_shim_host_texture_query(cuda_shim_host_thread* thread, uint64_t handle,
                                      uint32_t question, uint32_t level) {
  if (question == CUDA_SHIM_TEXTURE_KIND) {
    const cuda_shim_texture* found = handle == 0 ? nullptr : find_descriptor(handle);
    return found == nullptr ? CUDA_SHIM_OPAQUE_NONE : found->kind;
  }
  return query_texture(descriptor(thread, handle), question, level);
}

void cuda_shim_host_surface_load(cuda_shim_host_thread* thread, void* data, uint64_t handle,
                                 uint32_t operation, const uint32_t* words) {
  check(thread, load_surface(descriptor(thread, handle), operation, words, data));
}

void cuda_shim_host_surface_store(cuda_shim_host_thread* thread, const void* data, uint64_t handle,
                                  uint32_t operation, const uint32_t* words) {
  check(thread, store_surface(descriptor(thread, handle), operation, words, data));
}

void cuda_shim_host_surface_reduce(cuda_shim_host_thread* thread, const void* data, uint64_t handle,
                                   uint32_t operation, const uint32_t* words) {
  check(thread, reduce_surface(descriptor(thread, handle), operation, words, data));
}

uint32_t cuda_shim_host_tensor_copy(cuda_shim_host_thread* thread, const void* map,
                                    uint32_t operation, void* shared, const uint32_t* words) {
  const TensorCopy copy = {*static_cast<const cuda_shim_tensor_map*>(map), operation, words,
                           static_cast<char*>(shared)};
  if (const char* fault = tensor_fault(copy))
    scheduler_of(thread).fail(StatusCode::kIllegalInstruction, fault);
  return copy_tensor(copy);
}
}
