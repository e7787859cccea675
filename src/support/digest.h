#pragma once
// 128-bit digests of whatever identifies something: cache keys, programs, objects' contents.
//
// XXH3, which is fast and not cryptographic: two inputs collide by chance once in 2^64 tries, but
// somebody could construct two that do.

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace cuda_shim::support {

struct Digest {
  std::uint64_t high = 0, low = 0;

  auto operator<=>(const Digest&) const = default;
  /// 32 hexadecimal digits.
  std::string hex() const;
  /// The inverse of hex(); nothing for any other text.
  static std::optional<Digest> from_hex(std::string_view text);
};

/// For hash tables: the digest is one already.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const { return digest.low; }
};

/// Takes parts one after another. Texts are taken with their lengths, so that {"ab", "c"} and {"a",
/// "bc"} differ.
class Digester {
 public:
  Digester();

  Digester& add_text(std::string_view text);
  Digester& add_bytes(const void* bytes, std::size_t count);
  template <std::integral T>
  Digester& add_number(T number) {
    const auto wide = static_cast<std::uint64_t>(number);
    return add_bytes(&wide, sizeof wide);
  }
  Digester& add_digest(const Digest& digest);

  Digest finish() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

/// Of the bytes alone.
Digest digest_of(const void* bytes, std::size_t count);

}  // namespace cuda_shim::support
