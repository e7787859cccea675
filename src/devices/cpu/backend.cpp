// The CPU device's table: each entry checks nothing that the layer above has checked, and hands on
// to the class that knows.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>

#include "cuda_shim/version.h"
#include "devices/backends.h"
#include "devices/cpu/block.h"
#include "devices/cpu/grid.h"
#include "devices/cpu/instance.h"
#include "devices/cpu/machine.h"
#include "devices/cpu/queue.h"
#include "devices/cpu/thread_pool.h"
#include "devices/cpu/worker.h"
#include "support/number.h"
#include "support/options.h"

namespace cuda_shim::devices {
namespace {

using namespace cuda_shim::devices::cpu;
using support::Option;

struct ComputeCapability {
  std::uint32_t major, minor;
};

ComputeCapability compute_capability() {
  ComputeCapability found = {};
  const char* text = support::option_text(Option::COMPUTE_CAPABILITY);
  std::string_view rest = text;
  if (support::take_number(rest, found.major) && support::take_character(rest, '.') &&
      support::take_number(rest, found.minor) && rest.empty())
    return found;
  report(1, fmt::format("CUDA_SHIM_COMPUTE_CAPABILITY='{}' is not MAJOR.MINOR; using 8.9.", text));
  return {8, 9};
}

// --- Backend

cuda_shim_status enumerate(const cuda_shim_services* services, std::uint32_t* count) {
  g_services = services;
  *count = 1;
  return 0;
}

cuda_shim_status open(std::uint32_t ordinal, cuda_shim_device* device) {
  std::string_view engine = support::option_text(Option::ENGINE);
  if (!engine.empty() && engine != "scalar" && engine != "simd")
    return report(Status(StatusCode::kInvalidValue,
                         fmt::format("CUDA_SHIM_ENGINE='{}' is not an engine of the CPU device; "
                                     "there are: simd, scalar.",
                                     engine)));
  if (ordinal != 0)
    return report(
        Status(StatusCode::kInvalidDevice,
               fmt::format("There is one CPU device, number 0; {} was asked for.", ordinal)));
  *device = new cuda_shim_device_impl;
  return 0;
}

void close(cuda_shim_device device) {
  if (ThreadPool::is_lost()) return;  // nothing will ever be done that could be waited for
  while (!device->queues.empty()) {
    cuda_shim_queue queue = *device->queues.begin();
    device->queues.erase(queue);
    delete queue;
  }
  delete device;
}

// --- Device

// The limits of compute capability 8.9 in the CUDA C++ programming guide ("Technical specifications
// per compute capability").
cuda_shim_status properties(cuda_shim_device, cuda_shim_device_properties* properties) {
  const Machine& found = machine();
  ComputeCapability capability = compute_capability();
  *properties = {};
  properties->size = sizeof(*properties);
  properties->capabilities =
      CUDA_SHIM_CAP_SHARED_HOST_MEMORY | CUDA_SHIM_CAP_TIMESTAMPS | CUDA_SHIM_CAP_COOPERATIVE;
  std::snprintf(properties->name, sizeof(properties->name), "%s (cuda_shim)", found.name.c_str());
  std::memcpy(properties->uuid, "cuda_shim cpu\0\0", 16);
  properties->total_memory = found.memory;
  properties->compute_major = capability.major;
  properties->compute_minor = capability.minor;
  properties->multiprocessors = ThreadPool::get().size();
  properties->warp_size = CUDA_SHIM_WARP_SIZE;
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
  properties->clock_khz = found.clock_khz;
  // What the system has is not known without privileges; these make the usual bandwidth formula
  // give about 50 GB/s.
  properties->memory_clock_khz = 1'600'000;
  properties->memory_bus_bits = 128;
  properties->l2_bytes = found.l2_bytes;
  return 0;
}

cuda_shim_status target(cuda_shim_device, cuda_shim_target* target) {
  ComputeCapability capability = compute_capability();
  *target = {};
  target->size = sizeof(*target);
  target->format = CUDA_SHIM_CODE_HOST_ELF;
  describe_target(target);
  const bool scalar = std::string_view(support::option_text(Option::ENGINE)) == "scalar";
  std::strcpy(target->engine, scalar ? "scalar" : "simd");
  target->specialises = !scalar;
  target->compute_major = capability.major;
  target->compute_minor = capability.minor;
  return 0;
}

cuda_shim_status allocate(cuda_shim_device device, std::size_t bytes, std::size_t alignment,
                          std::uint64_t* address) {
  Result<std::uint64_t> memory = device->memory.allocate(bytes, alignment);
  if (!memory) return report(memory.error());
  *address = *memory;
  return 0;
}

cuda_shim_status free_memory(cuda_shim_device device, std::uint64_t address) {
  return report(device->memory.free(address));
}

cuda_shim_status memory_info(cuda_shim_device, std::uint64_t* free_bytes,
                             std::uint64_t* total_bytes) {
  *total_bytes = machine().memory;
  std::uint64_t unused = *total_bytes - std::min(*total_bytes, used_memory());
  *free_bytes = std::min(unused, available_memory());
  return 0;
}

cuda_shim_status load(cuda_shim_device, const cuda_shim_code_object* code,
                      cuda_shim_executable* executable) {
  if (code->format != CUDA_SHIM_CODE_HOST_ELF)
    return report(
        Status(StatusCode::kInvalidImage,
               fmt::format("Kernel '{}' comes in code format {}; the CPU device loads format {}.",
                           code->kernel, code->format, int{CUDA_SHIM_CODE_HOST_ELF})));
  std::span bytes(static_cast<const unsigned char*>(code->bytes), code->byte_count);
  Result<HostCode> loaded = HostCode::load(bytes, code->entry);
  if (!loaded)
    return report(
        std::move(loaded.error()).with_context(fmt::format("Loading kernel '{}'", code->kernel)));
  auto* kernel = new cuda_shim_executable_impl;
  kernel->name = code->kernel;
  kernel->info = code->info;
  kernel->entry = reinterpret_cast<cuda_shim_host_kernel>(loaded->entry());
  kernel->code = std::move(*loaded);
  kernel->counts = support::option_flag(Option::EXPLAIN);
  *executable = kernel;
  return 0;
}

void unload(cuda_shim_executable executable) {
  delete executable;
}

void usage(cuda_shim_executable executable, cuda_shim_usage* usage) {
  usage->launches = executable->launches.load(std::memory_order_relaxed);
  usage->nanoseconds = executable->nanoseconds.load(std::memory_order_relaxed);
}

// --- Queue

cuda_shim_status create_queue(cuda_shim_device device, int, cuda_shim_queue* queue) {
  install_fault_handlers();
  *queue = new cuda_shim_queue_impl(*device);
  std::lock_guard lock(device->queues_mutex);
  device->queues.insert(*queue);
  return 0;
}

void destroy_queue(cuda_shim_queue queue) {
  if (ThreadPool::is_lost()) return;
  Instance& device = queue->instance();
  {
    std::lock_guard lock(device.queues_mutex);
    device.queues.erase(queue);
  }
  delete queue;
}

// What the engine relies on, whoever calls: a larger block would not fit its tables.
Status check_launch(const cuda_shim_launch& launch) {
  const cuda_shim_launch_config& config = launch.config;
  std::uint64_t threads = std::uint64_t{config.block.x} * config.block.y * config.block.z;
  if (threads == 0 || threads > kMaxThreads)
    return {StatusCode::kInvalidValue,
            fmt::format("A block of {} threads was launched; there may be 1 to {}.", threads,
                        kMaxThreads)};
  if (std::uint64_t{config.cluster.x} * config.cluster.y * config.cluster.z > 1)
    return {StatusCode::kNotSupported, "The CPU device has no thread block clusters."};
  return {};
}

cuda_shim_status launch(cuda_shim_queue queue, const cuda_shim_launch* launch) {
  if (Status status = check_launch(*launch); !status) return report(status);
  queue->launch(*launch);
  return 0;
}

cuda_shim_status copy(cuda_shim_queue queue, const cuda_shim_copy* copy) {
  queue->copy(*copy);
  return 0;
}

cuda_shim_status fill(cuda_shim_queue queue, const cuda_shim_fill* fill) {
  if (fill->element_bytes != 1 && fill->element_bytes != 2 && fill->element_bytes != 4)
    return report(Status(
        StatusCode::kInvalidValue,
        fmt::format("Fills have elements of 1, 2 or 4 bytes, not {}.", fill->element_bytes)));
  queue->fill(*fill);
  return 0;
}

cuda_shim_status host_call(cuda_shim_queue queue, void (*function)(void*), void* argument) {
  queue->host_call(function, argument);
  return 0;
}

cuda_shim_status signal(cuda_shim_queue queue, std::uint64_t* point) {
  *point = queue->signal();
  return 0;
}

cuda_shim_status wait(cuda_shim_queue queue, cuda_shim_queue other, std::uint64_t point) {
  queue->wait(*other, point);
  return 0;
}

int reached(cuda_shim_queue queue, std::uint64_t point) {
  return queue->reached(point);
}

cuda_shim_status synchronize(cuda_shim_queue queue, std::uint64_t point) {
  queue->synchronize(point);
  return 0;
}

cuda_shim_status fault(cuda_shim_device device, cuda_shim_fault* fault) {
  *fault = device->faulted() ? device->fault() : cuda_shim_fault{};
  return 0;
}

cuda_shim_status timestamp(cuda_shim_queue queue, std::uint64_t* destination) {
  queue->timestamp(destination);
  return 0;
}

cuda_shim_status set_limit(cuda_shim_device device, std::uint32_t limit, std::uint64_t value) {
  switch (limit) {
    case CUDA_SHIM_LIMIT_STACK:
      if (value > kMostStack)
        return report(Status(StatusCode::kInvalidValue,
                             fmt::format("A stack of {} bytes for each thread was asked for; there "
                                         "may be {}.",
                                         value, kMostStack)));
      // CUDA's own stacks are small: asking for less than ours is no wish for less.
      device->stack_limit = std::max<std::size_t>(value, default_stack());
      return 0;
    case CUDA_SHIM_LIMIT_MALLOC_HEAP:
      device->heap_limit = value;
      return 0;
    case CUDA_SHIM_LIMIT_PRINTF_FIFO:
      device->output_limit = value;
      return 0;
    default:
      return report(Status(StatusCode::kUnsupportedLimit,
                           fmt::format("The CPU device has no limit number {}.", limit)));
  }
}

// The child of a fork has none of the device's threads and cannot use it, as with CUDA.
cuda_shim_status report_lost() {
  return report(Status(StatusCode::kNotInitialized,
                       "The process was forked after the CPU device had been used: its threads did "
                       "not come along."));
}

// An entry that must not be reached in such a child.
template <auto entry>
struct Checked;
template <class... Arguments, cuda_shim_status (*entry)(Arguments...)>
struct Checked<entry> {
  static cuda_shim_status call(Arguments... arguments) {
    return ThreadPool::is_lost() ? report_lost() : entry(arguments...);
  }
};

constexpr cuda_shim_backend kBackend = {
    .size = sizeof(cuda_shim_backend),
    .abi = CUDA_SHIM_DEVICE_ABI,
    .name = "cpu",
    .enumerate = enumerate,
    .open = Checked<open>::call,
    .close = close,
    .properties = properties,
    .target = target,
    .allocate = Checked<allocate>::call,
    .free = Checked<free_memory>::call,
    .memory_info = memory_info,
    .load = load,
    .unload = unload,
    .create_queue = Checked<create_queue>::call,
    .destroy_queue = destroy_queue,
    .launch = Checked<launch>::call,
    .copy = Checked<copy>::call,
    .fill = Checked<fill>::call,
    .host_call = Checked<host_call>::call,
    .signal = Checked<signal>::call,
    .wait = Checked<wait>::call,
    .reached = reached,
    .synchronize = Checked<synchronize>::call,
    .fault = fault,
    .timestamp = Checked<timestamp>::call,
    .set_limit = set_limit,
    .usage = usage,
};

}  // namespace

const cuda_shim_backend* cpu_backend() {
  return &kBackend;
}

}  // namespace cuda_shim::devices
