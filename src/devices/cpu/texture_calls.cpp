// Texture and surface instructions of translated code: the handle is checked, the texture unit does
// the rest (texture/). Stateless, so that threads need no order among themselves.

#include "cuda_shim/host_abi.h"
#include "cuda_shim/status.h"
#include "devices/cpu/scheduler.h"
#include "devices/cpu/texture/fetch.h"
#include "devices/cpu/texture/group.h"
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
  fetch_texture(texture_at(thread, handle), operation, words, result);
}

void cuda_shim_host_texture_fetch_group(cuda_shim_host_thread* thread, uint32_t* results,
                                        uint64_t handle, uint32_t operation, const uint32_t* words,
                                        uint32_t lanes, uint64_t active) {
  fetch_texture_group(texture_at(thread, handle), operation, {words, results, lanes, active});
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
