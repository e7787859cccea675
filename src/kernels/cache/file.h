#pragma once
// A file descriptor that closes itself, with whole reads and writes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cuda_shim::kernels::cache {

class File {
 public:
  File() = default;
  /// Takes the descriptor; negative: none (errno says why).
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File();

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  int release();

  /// False if there is less, or on an error.
  bool read_at(std::uint64_t offset, void* bytes, std::size_t count) const;
  std::optional<std::string> read_all() const;
  /// False with errno set if not all of it could be written.
  bool write_all(std::string_view bytes) const;

 private:
  int descriptor_ = -1;
};

}  // namespace cuda_shim::kernels::cache
