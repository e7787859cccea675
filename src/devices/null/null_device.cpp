// The null device: the smallest backend that obeys the contract, to copy from and to test the
// layers above with.
//
// Memory is host memory; work is done by the calling thread when it is submitted. That is a legal
// queue: in order, and never later than promised. Since everything submitted is done on return,
// every point is reached at once, and waiting is free. It runs no kernels: `load` and `launch` say
// so. docs/adding_a_device.md walks through this file.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"
#include "cuda_shim/version.h"
#include "devices/backends.h"

// One open instance. What the table hands out is a pointer to this.
struct cuda_shim_device_impl {
  std::mutex mutex;  // guards the map and the sum
  std::unordered_map<std::uint64_t, std::size_t> allocations;
  std::uint64_t used = 0;
};

struct cuda_shim_queue_impl {
  std::atomic<std::uint64_t> points{0};
};

namespace cuda_shim::devices {
namespace {

constexpr std::uint64_t kTotalMemory = 1ull << 30;

// Set by enumerate, before any other entry is called.
const cuda_shim_services* g_services = nullptr;

cuda_shim_status fail(StatusCode code, const char* sentence) {
  g_services->report(2, sentence);
  return static_cast<cuda_shim_status>(code);
}

// --- Backend

cuda_shim_status enumerate(const cuda_shim_services* services, std::uint32_t* count) {
  g_services = services;
  *count = 1;
  return 0;
}

cuda_shim_status open(std::uint32_t ordinal, cuda_shim_device* device) {
  if (ordinal != 0) return fail(StatusCode::kInvalidDevice, "There is one null device, number 0.");
  *device = new (std::nothrow) cuda_shim_device_impl;
  return *device ? 0 : fail(StatusCode::kOutOfMemory, "No memory for a null device.");
}

void close(cuda_shim_device device) {
  for (const auto& [address, bytes] : device->allocations)
    std::free(reinterpret_cast<void*>(address));
  delete device;
}

// --- Device

cuda_shim_status properties(cuda_shim_device, cuda_shim_device_properties* properties) {
  *properties = {};
  properties->size = sizeof(*properties);
  properties->capabilities = CUDA_SHIM_CAP_SHARED_HOST_MEMORY;
  std::strcpy(properties->name, "null (cuda_shim)");
  std::memcpy(properties->uuid, "cuda_shim null 0", 16);
  properties->total_memory = kTotalMemory;
  properties->compute_major = 8;
  properties->compute_minor = 9;
  properties->multiprocessors = 1;
  properties->warp_size = 32;
  properties->max_threads_per_block = 1024;
  properties->max_threads_per_multiprocessor = 1536;
  properties->max_blocks_per_multiprocessor = 24;
  properties->max_block[0] = properties->max_block[1] = 1024;
  properties->max_block[2] = 64;
  properties->max_grid[0] = 0x7fffffff;
  properties->max_grid[1] = properties->max_grid[2] = 65535;
  properties->shared_per_block = 48 << 10;
  properties->shared_per_block_optin = 99 << 10;
  properties->shared_per_multiprocessor = 100 << 10;
  properties->registers_per_block = 65536;
  properties->clock_khz = properties->memory_clock_khz = 1000000;
  properties->memory_bus_bits = 64;
  properties->l2_bytes = 1 << 20;
  return 0;
}

cuda_shim_status target(cuda_shim_device, cuda_shim_target* target) {
  // PTX: nothing has to be translated for a device that runs nothing.
  *target = {};
  target->size = sizeof(*target);
  target->format = CUDA_SHIM_CODE_PTX;
  target->compute_major = 8;
  target->compute_minor = 9;
  return 0;
}

cuda_shim_status allocate(cuda_shim_device device, std::size_t bytes, std::size_t alignment,
                          std::uint64_t* address) {
  if (alignment < 256) alignment = 256;
  std::lock_guard lock(device->mutex);
  if (bytes > kTotalMemory - device->used)
    return fail(StatusCode::kOutOfMemory, "The null device's 1 GiB of memory is used up.");
  // aligned_alloc wants a multiple of the alignment.
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
  if (!memory) return fail(StatusCode::kOutOfMemory, "The host has no memory for the null device.");
  *address = reinterpret_cast<std::uint64_t>(memory);
  device->allocations[*address] = bytes;
  device->used += bytes;
  return 0;
}

cuda_shim_status free_memory(cuda_shim_device device, std::uint64_t address) {
  std::lock_guard lock(device->mutex);
  auto found = device->allocations.find(address);
  if (found == device->allocations.end())
    return fail(StatusCode::kInvalidValue, "The address to free was not allocated on this device.");
  device->used -= found->second;
  device->allocations.erase(found);
  std::free(reinterpret_cast<void*>(address));
  return 0;
}

cuda_shim_status memory_info(cuda_shim_device device, std::uint64_t* free_bytes,
                             std::uint64_t* total_bytes) {
  std::lock_guard lock(device->mutex);
  *free_bytes = kTotalMemory - device->used;
  *total_bytes = kTotalMemory;
  return 0;
}

cuda_shim_status load(cuda_shim_device, const cuda_shim_code_object*, cuda_shim_executable*) {
  return fail(StatusCode::kNotSupported, "The null device runs no kernels.");
}

void unload(cuda_shim_executable) {}

// --- Queue

cuda_shim_status create_queue(cuda_shim_device, int, cuda_shim_queue* queue) {
  *queue = new (std::nothrow) cuda_shim_queue_impl;
  return *queue ? 0 : fail(StatusCode::kOutOfMemory, "No memory for a queue.");
}

void destroy_queue(cuda_shim_queue queue) {
  delete queue;
}

cuda_shim_status launch(cuda_shim_queue, const cuda_shim_launch*) {
  return fail(StatusCode::kNotSupported, "The null device runs no kernels.");
}

cuda_shim_status copy(cuda_shim_queue, const cuda_shim_copy* copy) {
  for (std::size_t z = 0; z < copy->depth; ++z)
    for (std::size_t y = 0; y < copy->height; ++y) {
      auto to = copy->destination + z * copy->destination_slice + y * copy->destination_pitch;
      auto from = copy->source + z * copy->source_slice + y * copy->source_pitch;
      std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), copy->width);
    }
  return 0;
}

cuda_shim_status fill(cuda_shim_queue, const cuda_shim_fill* fill) {
  for (std::size_t y = 0; y < fill->height; ++y) {
    auto* row = reinterpret_cast<unsigned char*>(fill->destination + y * fill->pitch);
    for (std::size_t x = 0; x < fill->width; ++x)
      std::memcpy(row + x * fill->element_bytes, &fill->value, fill->element_bytes);
  }
  return 0;
}

cuda_shim_status host_call(cuda_shim_queue, void (*function)(void*), void* argument) {
  function(argument);
  return 0;
}

cuda_shim_status signal(cuda_shim_queue queue, std::uint64_t* point) {
  *point = ++queue->points;
  return 0;
}

cuda_shim_status wait(cuda_shim_queue, cuda_shim_queue, std::uint64_t) {
  return 0;
}
int reached(cuda_shim_queue, std::uint64_t) {
  return 1;
}
cuda_shim_status synchronize(cuda_shim_queue, std::uint64_t) {
  return 0;
}

cuda_shim_status fault(cuda_shim_device, cuda_shim_fault* fault) {
  *fault = {};
  return 0;
}

constexpr cuda_shim_backend kBackend = {
    .size = sizeof(cuda_shim_backend),
    .abi = CUDA_SHIM_DEVICE_ABI,
    .name = "null",
    .enumerate = enumerate,
    .open = open,
    .close = close,
    .properties = properties,
    .target = target,
    .allocate = allocate,
    .free = free_memory,
    .memory_info = memory_info,
    .load = load,
    .unload = unload,
    .create_queue = create_queue,
    .destroy_queue = destroy_queue,
    .launch = launch,
    .copy = copy,
    .fill = fill,
    .host_call = host_call,
    .signal = signal,
    .wait = wait,
    .reached = reached,
    .synchronize = synchronize,
    .fault = fault,
    .timestamp = nullptr,
    .set_limit = nullptr,
    .usage = nullptr,
};

}  // namespace

const cuda_shim_backend* null_backend() {
  return &kBackend;
}

}  // namespace cuda_shim::devices
