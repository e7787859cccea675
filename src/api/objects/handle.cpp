#include "api/objects/handle.h"

#include <mutex>
#include <new>

namespace cuda_shim::objects::handle_table {

constinit std::atomic<Slot*> chunks[1u << (kIndexBits - kChunkBits)] = {};

namespace {

constexpr std::uint32_t kNone = ~0u;

// Guards the free list and the number of slots made so far.
constinit std::mutex mutex;
constinit std::uint32_t first_free = kNone;
constinit std::uint32_t made = 0;

Slot& slot_at(std::uint32_t index) {
  return chunks[index >> kChunkBits].load(
      std::memory_order_relaxed)[index & ((1u << kChunkBits) - 1)];
}

// Index of a free slot, or kNone. Slots live until the process ends: a stale handle may be looked
// up at any time.
std::uint32_t take_slot() {
  if (first_free != kNone) {
    std::uint32_t index = first_free;
    first_free = slot_at(index).next_free;
    return index;
  }
  if (made >> kIndexBits) return kNone;
  std::atomic<Slot*>& chunk = chunks[made >> kChunkBits];
  if (chunk.load(std::memory_order_relaxed) == nullptr) {
    Slot* slots = new (std::nothrow) Slot[1u << kChunkBits]();
    if (slots == nullptr) return kNone;
    chunk.store(slots, std::memory_order_release);
  }
  return made++;
}

}  // namespace

std::uint64_t insert(Kind kind, void* object) {
  std::lock_guard lock(mutex);
  std::uint32_t index = take_slot();
  if (index == kNone) return 0;
  Slot& slot = slot_at(index);
  slot.object = object;
  std::uint64_t handle =
      std::uint64_t(kind) << kKindShift | std::uint64_t(++slot.generation) << kIndexBits | index;
  slot.handle.store(handle, std::memory_order_release);
  return handle;
}

void* take(std::uint64_t handle, Kind kind) {
  std::lock_guard lock(mutex);
  void* object = find(handle, kind);
  if (object == nullptr) return nullptr;
  std::uint32_t index = handle & ((1u << kIndexBits) - 1);
  Slot& slot = slot_at(index);
  slot.handle.store(0, std::memory_order_release);
  slot.next_free = first_free;
  first_free = index;
  return object;
}

void erase(std::uint64_t handle) {
  take(handle, static_cast<Kind>(handle >> kKindShift));
}

}  // namespace cuda_shim::objects::handle_table
