#pragma once
// A range of anonymous memory from the operating system, unmapped at the end of its life.

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cuda_shim::devices::cpu {

/// The operating system's page; 4 KiB on x86-64, up to 64 KiB on AArch64.
std::size_t page_bytes();

inline std::size_t round_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

class Mapping {
 public:
  Mapping() = default;
  /// Readable and writable, zeroed, aligned to `alignment` (a power of two). Empty if the system
  /// refuses. Pages before and behind `bytes` are left inaccessible if `guarded`; then it lies
  /// `shift` bytes, a multiple of the alignment, from where it would without.
  Mapping(std::size_t bytes, std::size_t alignment, bool guarded, std::size_t shift = 0);
  Mapping(Mapping&& other) noexcept { swap(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Mapping();

  unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

  /// Makes accesses to [offset, offset + bytes) of it fault; false if the system has no more room
  /// for that. Whole pages.
  bool place_guard(std::size_t offset, std::size_t bytes);

  bool contains(std::uintptr_t address) const {
    return address - reinterpret_cast<std::uintptr_t>(data_) < size_;
  }

 private:
  void swap(Mapping& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(reserved_, other.reserved_);
    std::swap(reserved_size_, other.reserved_size_);
    std::swap(splits_, other.splits_);
  }

  unsigned char* data_ = nullptr;
  std::size_t size_ = 0;
  void* reserved_ = nullptr;  // with guards and alignment slack
  std::size_t reserved_size_ = 0;
  std::int64_t splits_ = 0;  ///< guards that split the system's record of the mapping
};

}  // namespace cuda_shim::devices::cpu
