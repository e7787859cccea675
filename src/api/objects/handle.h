#pragma once
// Handles: what the application holds instead of pointers to our objects.
//
// A handle is 48 bits, made to look nothing like an address: kind (8) | generation (16) | slot
// index (24). The slot remembers the handle that it was given out under, so that a garbage value, a
// freed handle and a handle of another kind are all told apart from a live one by reading memory of
// ours only. Lookup takes no lock: slots are never unmapped.

#include <atomic>
#include <cstdint>
#include <new>

namespace cuda_shim::objects {

/// What a handle stands for. The value is part of the handle; 0 never is, so that small integers
/// (CU_STREAM_LEGACY) are never handles.
enum class Kind : std::uint8_t {
  kContext = 1,
  kStream,
  kEvent,
  kModule,
  kFunction,
  kLibrary,
  kKernel,
  kLink,
  kPhysicalMemory,
  kMemoryPool,
  kArray,
  kMipmappedArray,
  kTextureReference,
  kSurfaceReference,
};

namespace handle_table {

constexpr unsigned kIndexBits = 24;
constexpr unsigned kChunkBits = 12;
constexpr unsigned kKindShift = 40;

struct Slot {
  std::atomic<std::uint64_t> handle;  ///< 0: free
  void* object;
  std::uint32_t next_free;
  std::uint16_t generation;
};

extern constinit std::atomic<Slot*> chunks[1u << (kIndexBits - kChunkBits)];

/// Gives out a handle for the object; 0 if all slots are taken.
std::uint64_t insert(Kind kind, void* object);
/// Takes the handle back; later lookups fail. Nothing happens if it is not live (any more).
void erase(std::uint64_t handle);
/// find and erase in one step: of many callers one gets the object.
void* take(std::uint64_t handle, Kind kind);

/// The object, or null if the value is not a live handle of the kind.
inline void* find(std::uint64_t handle, Kind kind) {
  if (handle >> kKindShift != static_cast<std::uint64_t>(kind)) return nullptr;
  std::uint32_t index = handle & ((1u << kIndexBits) - 1);
  Slot* chunk = chunks[index >> kChunkBits].load(std::memory_order_acquire);
  if (chunk == nullptr) return nullptr;
  Slot& slot = chunk[index & ((1u << kChunkBits) - 1)];
  return slot.handle.load(std::memory_order_acquire) == handle ? slot.object : nullptr;
}

}  // namespace handle_table

/// The object of type T behind a C handle, or null. T names its kind in T::kKind and the C type in
/// T::CHandle.
template <class T>
T* find(typename T::CHandle handle) {
  return static_cast<T*>(handle_table::find((std::uint64_t)handle, T::kKind));
}

/// The object behind a handle that ends with this call, to be destroyed by the caller; null if it
/// was not live. A second call that comes at the same time gets nothing.
template <class T>
T* take(typename T::CHandle handle) {
  return static_cast<T*>(handle_table::take((std::uint64_t)handle, T::kKind));
}

/// A handle that lives as long as the object that has it as a member, unless it is taken before.
/// Where all slots are in use the object cannot be made: a handle of 0 would mean something else.
template <class T>
class OwnedHandle {
 public:
  explicit OwnedHandle(T* object) : value_(handle_table::insert(T::kKind, object)) {
    if (value_ == 0) throw std::bad_alloc();
  }
  ~OwnedHandle() { handle_table::erase(value_); }
  OwnedHandle(const OwnedHandle&) = delete;
  OwnedHandle& operator=(const OwnedHandle&) = delete;

  template <class C>
  C as() const {
    return (C)value_;
  }

 private:
  std::uint64_t value_;
};

}  // namespace cuda_shim::objects
