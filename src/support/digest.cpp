#include "support/digest.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "support/number.h"

namespace cuda_shim::support {
namespace {

constexpr std::size_t kDigits = 16;  // of each half

Digest from(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

std::string Digest::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
  if (text.size() != 2 * kDigits) return std::nullopt;
  Digest digest;
  std::string_view first = text.substr(0, kDigits), second = text.substr(kDigits);
  if (!take_number(first, digest.high, 16) || !take_number(second, digest.low, 16) ||
      !first.empty() || !second.empty())
    return std::nullopt;
  return digest;
}

void Digester::Free::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

Digester::Digester() : state_(XXH3_createState()) {
  XXH3_128bits_reset(state_.get());
}

Digester& Digester::add_text(std::string_view text) {
  return add_number(text.size()).add_bytes(text.data(), text.size());
}

Digester& Digester::add_bytes(const void* bytes, std::size_t count) {
  XXH3_128bits_update(state_.get(), bytes, count);
  return *this;
}

Digester& Digester::add_digest(const Digest& digest) {
  return add_number(digest.high).add_number(digest.low);
}

Digest Digester::finish() const {
  return from(XXH3_128bits_digest(state_.get()));
}

Digest digest_of(const void* bytes, std::size_t count) {
  return from(XXH3_128bits(bytes, count));
}

}  // namespace cuda_shim::support
