#pragma once
// Numbers and texts as one row of bytes, for files and images that only we write and read: 64-bit
// little-endian numbers, texts after their lengths. Reading checks every length.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace cuda_shim::support {

class ByteWriter {
 public:
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  ByteWriter& number(T value) {
    const auto wide = static_cast<std::uint64_t>(value);
    return raw(&wide, sizeof wide);
  }
  ByteWriter& text(std::string_view value) {
    return number(value.size()).raw(value.data(), value.size());
  }
  ByteWriter& raw(const void* bytes, std::size_t count) {
    bytes_.append(static_cast<const char*>(bytes), count);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a ByteWriter wrote, in the same order. After the first read beyond the end everything
/// reads as zero or empty and complete() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  ByteReader& number(T& value) {
    std::uint64_t wide = 0;
    const std::string_view bytes = take(sizeof wide);
    if (!bytes.empty()) std::memcpy(&wide, bytes.data(), sizeof wide);
    value = static_cast<T>(wide);
    return *this;
  }
  template <class T>
  ByteReader& text(T& value) {
    std::uint64_t length = 0;
    number(length);
    value = T(take(length));
    return *this;
  }

  bool at_end() const { return rest_.empty(); }
  /// Whether everything asked for was there.
  bool ok() const { return ok_; }
  /// Whether everything asked for was there, and no more.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view take(std::uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace cuda_shim::support
