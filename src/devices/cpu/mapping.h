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
  /// refuses. Pages before and behind `bytes` are left inaccessible if `guarded`.
  Mapping(std::size_t bytes, std::size_t alignment, bool guarded);
  Mapping(Mapping&& other) noexcept { swap(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Mapping();

  unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

  bool contains(std::uintptr_t address) const {
    return address - reinterpret_cast<std::uintptr_t>(data_) < size_;
  }

 private:
  void swap(Mapping& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(reserved_, other.reserved_);
    std::swap(reserved_size_, other.reserved_size_);
  }

  unsigned char* data_ = nullptr;
  std::size_t size_ = 0;
  void* reserved_ = nullptr;  // with guards and alignment slack
  std::size_t reserved_size_ = 0;
};

/// Makes accesses to [address, address + bytes) fault. Whole pages. Cheap: one mapping stays one
/// mapping where the kernel can.
bool place_guard(void* address, std::size_t bytes);

}  // namespace cuda_shim::devices::cpu
