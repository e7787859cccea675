#pragma once
// Bytes: a borrowed range of untrusted memory. Everything in this folder reads an image through it,
// so that no offset or size found in a file can lead outside of what the caller handed in.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace cuda_shim::kernels::image {

class Bytes {
 public:
  Bytes() = default;
  Bytes(const void* data, std::size_t size) : data_(static_cast<const char*>(data)), size_(size) {}

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::string_view text() const { return {data_, size_}; }

  /// The little-endian value at `offset`, of any alignment; empty if it does not lie inside.
  template <class T>
  std::optional<T> load(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto range = part(offset, sizeof(T));
    if (!range) return std::nullopt;
    T value;
    std::memcpy(&value, range->data_, sizeof(T));
    return value;
  }

  /// `size` bytes from `offset` on; empty if they do not all lie inside.
  std::optional<Bytes> part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > size_ || size > size_ - offset) return std::nullopt;
    return Bytes(data_ + offset, size);
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cuda_shim::kernels::image
