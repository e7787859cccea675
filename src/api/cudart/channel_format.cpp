#include "api/cudart/channel_format.h"

#include <algorithm>
#include <iterator>

namespace cuda_shim::cudart {
namespace {

struct FormatRow {
  cudaChannelFormatKind kind;
  int bits;
  unsigned channels;  // 0: 1, 2 or 4
  CUarray_format format;
};

constexpr FormatRow kFormats[] = {
    {cudaChannelFormatKindUnsigned, 8, 0, CU_AD_FORMAT_UNSIGNED_INT8},
    {cudaChannelFormatKindUnsigned, 16, 0, CU_AD_FORMAT_UNSIGNED_INT16},
    {cudaChannelFormatKindUnsigned, 32, 0, CU_AD_FORMAT_UNSIGNED_INT32},
    {cudaChannelFormatKindSigned, 8, 0, CU_AD_FORMAT_SIGNED_INT8},
    {cudaChannelFormatKindSigned, 16, 0, CU_AD_FORMAT_SIGNED_INT16},
    {cudaChannelFormatKindSigned, 32, 0, CU_AD_FORMAT_SIGNED_INT32},
    {cudaChannelFormatKindFloat, 16, 0, CU_AD_FORMAT_HALF},
    {cudaChannelFormatKindFloat, 32, 0, CU_AD_FORMAT_FLOAT},
    {cudaChannelFormatKindUnsignedNormalized8X1, 8, 1, CU_AD_FORMAT_UNORM_INT8X1},
    {cudaChannelFormatKindUnsignedNormalized8X2, 8, 2, CU_AD_FORMAT_UNORM_INT8X2},
    {cudaChannelFormatKindUnsignedNormalized8X4, 8, 4, CU_AD_FORMAT_UNORM_INT8X4},
    {cudaChannelFormatKindUnsignedNormalized16X1, 16, 1, CU_AD_FORMAT_UNORM_INT16X1},
    {cudaChannelFormatKindUnsignedNormalized16X2, 16, 2, CU_AD_FORMAT_UNORM_INT16X2},
    {cudaChannelFormatKindUnsignedNormalized16X4, 16, 4, CU_AD_FORMAT_UNORM_INT16X4},
    {cudaChannelFormatKindSignedNormalized8X1, 8, 1, CU_AD_FORMAT_SNORM_INT8X1},
    {cudaChannelFormatKindSignedNormalized8X2, 8, 2, CU_AD_FORMAT_SNORM_INT8X2},
    {cudaChannelFormatKindSignedNormalized8X4, 8, 4, CU_AD_FORMAT_SNORM_INT8X4},
    {cudaChannelFormatKindSignedNormalized16X1, 16, 1, CU_AD_FORMAT_SNORM_INT16X1},
    {cudaChannelFormatKindSignedNormalized16X2, 16, 2, CU_AD_FORMAT_SNORM_INT16X2},
    {cudaChannelFormatKindSignedNormalized16X4, 16, 4, CU_AD_FORMAT_SNORM_INT16X4},
};

// The channels of a descriptor: each has the bits of the first, and none follows a missing one.
unsigned count_channels(const cudaChannelFormatDesc& d) {
  const int bits[] = {d.x, d.y, d.z, d.w};
  const auto none = std::ranges::count(bits, 0);
  unsigned leading = 0;
  while (leading < std::size(bits) && bits[leading] == d.x) ++leading;
  return d.x > 0 && leading + none == 4 && leading != 3 ? leading : 0;
}

const FormatRow* find(CUarray_format format) {
  const auto* found = std::ranges::find(kFormats, format, &FormatRow::format);
  return found != std::end(kFormats) ? found : nullptr;
}

}  // namespace

cudaError_t to_array_format(const cudaChannelFormatDesc& channels, CUarray_format* format,
                            unsigned* count) {
  *count = count_channels(channels);
  const auto* found = std::ranges::find_if(kFormats, [&](const FormatRow& row) {
    return row.kind == channels.f && row.bits == channels.x &&
           (row.channels == 0 || row.channels == *count);
  });
  if (*count == 0 || found == std::end(kFormats)) return cudaErrorInvalidChannelDescriptor;
  *format = found->format;
  return cudaSuccess;
}

cudaError_t to_channels(CUarray_format format, unsigned count, cudaChannelFormatDesc* channels) {
  const FormatRow* found = find(format);
  if (found == nullptr) return cudaErrorInvalidChannelDescriptor;
  const auto bits = [&](unsigned channel) { return channel < count ? found->bits : 0; };
  *channels = {bits(0), bits(1), bits(2), bits(3), found->kind};
  return cudaSuccess;
}

std::size_t texel_bytes(CUarray_format format, unsigned count) {
  const FormatRow* found = find(format);
  return found == nullptr ? 0 : static_cast<std::size_t>(found->bits) / 8 * count;
}

}  // namespace cuda_shim::cudart
