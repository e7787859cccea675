#pragma once
// A map from pointers to pointers that is read without a lock: the launch path looks host functions
// up in it.
//
// Open addressing over an array of slots that only grows. A reader takes the current array and
// probes it; a writer, of which there is one at a time (the caller's lock), fills a free slot value
// first and key last, or publishes a larger copy. Old arrays are kept, since a reader may still be
// in one; their sizes are powers of two, so together they are no larger than the current one. An
// erased key stays as a slot without a value.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cuda_shim::cudart {

template <class Value>
class PointerMap {
 public:
  constexpr PointerMap() = default;
  PointerMap(const PointerMap&) = delete;
  PointerMap& operator=(const PointerMap&) = delete;

  /// The value of the key, or null. Any thread, any time.
  Value* find(const void* key) const {
    const Slots* slots = slots_.load(std::memory_order_acquire);
    if (slots == nullptr) return nullptr;
    for (std::size_t at = start(key, slots->mask);; at = (at + 1) & slots->mask) {
      const Slot& slot = slots->slot[at];
      const void* found = slot.key.load(std::memory_order_acquire);
      if (found == key) return slot.value.load(std::memory_order_acquire);
      if (found == nullptr) return nullptr;
    }
  }

  /// Adds or replaces; the key is not null. One writer at a time.
  void insert(const void* key, Value* value) {
    if (2 * (used_ + 1) > capacity()) grow();
    place(*slots_.load(std::memory_order_relaxed), key, value);
  }

  /// One writer at a time.
  void erase(const void* key) {
    if (find(key) != nullptr) insert(key, nullptr);
  }

 private:
  struct Slot {
    std::atomic<const void*> key{nullptr};
    std::atomic<Value*> value{nullptr};
  };
  struct Slots {
    explicit Slots(std::size_t size) : mask(size - 1), slot(std::make_unique<Slot[]>(size)) {}
    std::size_t mask;
    std::unique_ptr<Slot[]> slot;
    Slots* older = nullptr;
  };

  static std::size_t start(const void* key, std::size_t mask) {
    // Functions are 16 bytes apart; the multiplication spreads the bits that differ.
    std::uint64_t bits = reinterpret_cast<std::uintptr_t>(key) >> 4;
    return static_cast<std::size_t>((bits * 0x9e3779b97f4a7c15u) >> 32) & mask;
  }

  std::size_t capacity() const {
    const Slots* slots = slots_.load(std::memory_order_relaxed);
    return slots == nullptr ? 0 : slots->mask + 1;
  }

  void place(Slots& slots, const void* key, Value* value) {
    std::size_t at = start(key, slots.mask);
    for (;; at = (at + 1) & slots.mask) {
      const void* found = slots.slot[at].key.load(std::memory_order_relaxed);
      if (found == key || found == nullptr) break;
    }
    Slot& slot = slots.slot[at];
    bool added = slot.key.load(std::memory_order_relaxed) == nullptr;
    slot.value.store(value, std::memory_order_release);
    slot.key.store(key, std::memory_order_release);
    used_ += added ? 1 : 0;
  }

  void grow() {
    Slots* old = slots_.load(std::memory_order_relaxed);
    auto* larger = new Slots(old == nullptr ? 64 : 2 * (old->mask + 1));
    larger->older = old;
    used_ = 0;
    for (std::size_t at = 0; old != nullptr && at <= old->mask; ++at)
      if (Value* value = old->slot[at].value.load(std::memory_order_relaxed))
        place(*larger, old->slot[at].key.load(std::memory_order_relaxed), value);
    slots_.store(larger, std::memory_order_release);
  }

  std::atomic<Slots*> slots_{nullptr};
  std::size_t used_ = 0;
};

}  // namespace cuda_shim::cudart
