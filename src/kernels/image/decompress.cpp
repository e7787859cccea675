// The compression methods of fatbins, one row each. A bit of the entry's flags names the method;
// the entry states the raw size.
//
// The stated size is not trusted: it is checked against what the method could make of the stored
// bytes before memory is taken, and the result must have exactly that size.

#include "kernels/image/decompress.h"

#include <fmt/format.h>
#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

#include <climits>
#include <optional>
#include <span>

namespace cuda_shim::kernels::image {
namespace {

constexpr std::uint64_t kMaxRawSize = std::uint64_t{1} << 30;
static_assert(kMaxRawSize <= INT_MAX, "LZ4 takes sizes as int");

using Output = std::span<char>;

/// Each returns whether `input` decompresses to exactly `output.size()` bytes.
bool decode_lz4(Bytes input, Output output) {
  if (input.size() > INT_MAX) return false;
  const int written = LZ4_decompress_safe(
      input.data(), output.data(), static_cast<int>(input.size()), static_cast<int>(output.size()));
  return written >= 0 && static_cast<std::size_t>(written) == output.size();
}

bool decode_zstd(Bytes input, Output output) {
  return ZSTD_decompress(output.data(), output.size(), input.data(), input.size()) == output.size();
}

bool decode_zlib(Bytes input, Output output) {
  uLongf written = output.size();
  const auto* source = reinterpret_cast<const Bytef*>(input.data());
  auto* destination = reinterpret_cast<Bytef*>(output.data());
  return uncompress(destination, &written, source, input.size()) == Z_OK &&
         written == output.size();
}

/// An upper bound of the raw size that `input` can have.
std::uint64_t bound_lz4(Bytes input) {
  return std::uint64_t{255} * input.size();
}
std::uint64_t bound_zlib(Bytes input) {
  return std::uint64_t{1032} * input.size();
}
std::uint64_t bound_zstd(Bytes input) {
  const unsigned long long size = ZSTD_getFrameContentSize(input.data(), input.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return 0;
  return size == ZSTD_CONTENTSIZE_UNKNOWN ? kMaxRawSize : size;
}

struct Method {
  std::uint64_t flag;
  std::string_view name;
  std::uint64_t (*bound)(Bytes input);
  bool (*decode)(Bytes input, Output output);
};

constexpr Method kMethods[] = {
    {0x1000, "zlib", bound_zlib, decode_zlib},  // old toolkits; no current one writes it
    {0x2000, "LZ4", bound_lz4, decode_lz4},  // default up to toolkit 12; -compress-mode=speed in 13
    {0x8000, "zstd", bound_zstd, decode_zstd},  // default of toolkit 13
};
/// Read by the tools as "compressed" too, by a method that is not known.
constexpr std::uint64_t kUnknownMethod = 0x4000;

const Method* method_of(const Entry& entry) {
  for (const Method& method : kMethods)
    if (entry.flags & method.flag) return &method;
  return nullptr;
}

std::unexpected<Status> corrupt(const Method& method, const Entry& entry) {
  return error(
      StatusCode::kInvalidImage,
      fmt::format(
          "The {} data ({} bytes) do not decompress to the {} bytes that the fatbin states.",
          method.name, entry.payload.size(), entry.raw_size));
}

}  // namespace

Result<std::string> decompress(const Entry& entry) {
  const Method* method = method_of(entry);
  if (!method && (entry.flags & kUnknownMethod))
    return error(StatusCode::kInvalidImage,
                 fmt::format("The entry's compression (flags {:#x}) is not known.", entry.flags));
  if (!method) return std::string(entry.payload.text());
  if (entry.raw_size > kMaxRawSize || entry.raw_size > method->bound(entry.payload))
    return corrupt(*method, entry);

  // Not zero-filled: memory that a lying header asks for is never touched.
  std::string raw;
  bool decoded = false;
  raw.resize_and_overwrite(entry.raw_size, [&](char* data, std::size_t size) {
    decoded = method->decode(entry.payload, {data, size});
    return decoded ? size : 0;
  });
  if (!decoded) return corrupt(*method, entry);
  return raw;
}

}  // namespace cuda_shim::kernels::image
