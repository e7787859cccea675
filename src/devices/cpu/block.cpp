#include "devices/cpu/block.h"

#include <fmt/format.h>
#include <sys/mman.h>

namespace cuda_shim::devices::cpu {
namespace {

// Stacks are pages apart, so that the same variable of all threads would lie in the same few cache
// sets. Their tops are moved by a different number of lines each; 7 lines is coprime to the 64
// lines of a page.
constexpr std::size_t kColourRange = 4096;
std::size_t colour(std::uint32_t thread) {
  return thread * 7 * 64 % kColourRange;
}

Mapping map_stacks(std::uint32_t threads, std::size_t stride) {
  Mapping stacks(threads * stride, page_bytes(), false);
  for (std::uint32_t i = 0; stacks && i < threads; ++i)
    if (!stacks.place_guard(i * stride, page_bytes())) break;
  return stacks;
}

}  // namespace

Status Block::reserve_shared(std::size_t bytes) {
  if (bytes <= window.size()) return {};
  window = Mapping(bytes, page_bytes(), true);
  if (window) return {};
  return {StatusCode::kOutOfMemory,
          fmt::format("No memory for {} bytes of shared memory of a block.", bytes)};
}

Status Block::reserve_stacks(std::uint32_t count, std::size_t bytes) {
  if (!fibers) fibers = std::make_unique<Fiber[]>(kMaxThreads);
  const std::size_t stride = round_up(bytes + kColourRange, page_bytes()) + page_bytes();
  if (stride <= stack_stride && count * stride <= stacks.size()) return {};
  const std::uint32_t all = stacks ? kMaxThreads : round_up(count, 256);
  stacks = Mapping();
  stacks = map_stacks(all, stride);
  stack_stride = stride;
  if (stacks) return {};
  return {StatusCode::kOutOfMemory,
          fmt::format("No memory for the stacks of {} threads of {} bytes each.", all, bytes)};
}

Status Block::reserve_frames(std::uint32_t count, std::size_t bytes) {
  if (!fibers) fibers = std::make_unique<Fiber[]>(kMaxThreads);
  if (count * bytes <= frames.size()) return {};
  frames = Mapping();
  frames = Mapping(count * bytes, page_bytes(), true);
  if (frames) return {};
  return {
      StatusCode::kOutOfMemory,
      fmt::format("No memory for what {} groups of threads keep while they wait, {} bytes each.",
                  count, bytes)};
}

void Block::start(Groups groups, void (*entry)(void*), void* engine) {
  std::uint32_t count = 0;
  for (; groups.next(fibers[count].thread); ++count) {
    Fiber& fiber = fibers[count];
    fiber.thread.engine = engine;
    unsigned char* top = stacks.data() + (count + 1) * stack_stride;
    fiber.thread.frame = prepare_stack(top - colour(count), entry, &fiber);
#if CUDA_SHIM_SANITIZER_FIBERS
    renew(fiber.sanitizer);
    fiber.sanitizer.bottom = top - stack_stride + page_bytes();
    fiber.sanitizer.size = stack_stride - page_bytes();
#endif
  }
  threads = groups.threads();
  add(count);
}

void Block::start(Groups groups, std::size_t frame_bytes, void* engine) {
  std::uint32_t count = 0;
  unsigned char* frame = frames.data();
  for (; groups.next(fibers[count].thread); ++count, frame += frame_bytes) {
    fibers[count].thread.engine = engine;
    fibers[count].thread.frame = frame;
    *reinterpret_cast<void**>(frame) = nullptr;
  }
  threads = groups.threads();
  add(count);
}

// Makes the first `count` fibers, which are all of the block's, runnable.
void Block::add(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    fibers[i].thread.block = &abi;
    fibers[i].next = i + 1 < count ? &fibers[i + 1] : nullptr;
  }
  runnable = {&fibers[0], &fibers[count - 1]};
  alive = threads;
  // Arrivals that nobody waited for are as gone as the threads that made them.
  if (active_barriers) reset_barriers();
  for (std::uint32_t w = 0; w * kWarpSize < threads; ++w) {
    std::uint32_t lanes = threads - w * kWarpSize;
    warps[w].alive = lanes >= kWarpSize ? ~0u : (1u << lanes) - 1;
    warps[w].waiting = 0;
  }
}

void Block::abandon() {
  runnable = soft = held = yielded = {};
  reset_barriers();
  alive = 0;
}

void Block::reset_barriers() {
  for (Barrier& barrier : barriers) barrier = {};
  active_barriers = 0;
}

bool Block::in_stack_guard(std::uintptr_t address) const {
  if (!stacks.contains(address)) return false;
  return (address - reinterpret_cast<std::uintptr_t>(stacks.data())) % stack_stride < page_bytes();
}

}  // namespace cuda_shim::devices::cpu
