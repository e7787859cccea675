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

Status Block::reserve(std::size_t shared_bytes, std::uint32_t stack_count,
                      std::size_t stack_bytes) {
  if (shared_bytes > window.size()) {
    window = Mapping(shared_bytes, page_bytes(), true);
    if (!window)
      return {StatusCode::kOutOfMemory,
              fmt::format("No memory for {} bytes of shared memory of a block.", shared_bytes)};
  }
  if (stack_bytes == 0) return {};
  if (!fibers) fibers = std::make_unique<Fiber[]>(kMaxThreads);
  std::size_t stride = round_up(stack_bytes + kColourRange, page_bytes()) + page_bytes();
  if (stride > stack_stride || stack_count * stride > stacks.size()) {
    std::uint32_t count = stacks ? kMaxThreads : round_up(stack_count, 256);
    stacks = Mapping();
    stacks = map_stacks(count, stride);
    stack_stride = stride;
    if (!stacks)
      return {StatusCode::kOutOfMemory,
              fmt::format("No memory for the stacks of {} threads of {} bytes each.", count,
                          stack_bytes)};
  }
  return {};
}

void Block::start(Groups groups, void (*entry)(void*), void* engine) {
  threads = groups.threads();
  Fiber* last = nullptr;
  for (std::uint32_t i = 0; groups.next(fibers[i].thread); ++i) {
    Fiber& fiber = fibers[i];
    fiber.thread.block = &abi;
    fiber.thread.engine = engine;
    unsigned char* top = stacks.data() + (i + 1) * stack_stride;
    fiber.stack_pointer = prepare_stack(top - colour(i), entry, &fiber);
#if CUDA_SHIM_SANITIZER_FIBERS
    renew(fiber.sanitizer);
    fiber.sanitizer.bottom = top - stack_stride + page_bytes();
    fiber.sanitizer.size = stack_stride - page_bytes();
#endif
    fiber.next = &fiber + 1;
    last = &fiber;
  }
  last->next = nullptr;
  runnable = {&fibers[0], last};
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
  runnable = soft = yielded = {};
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
