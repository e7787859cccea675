// A fetch goes from the outside in: cube coordinates become a face and a place on it; the level of
// detail becomes one or two levels; coordinates become texels and weights along each axis; texels
// are read and weighed. The formulas are those of the CUDA C++ programming guide, appendix "Texture
// Fetching".

#include "devices/cpu/texture/fetch.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "devices/cpu/texture/axis.h"
#include "devices/cpu/texture/block.h"
#include "devices/cpu/texture/cube.h"
#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {
namespace {

float as_float(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
std::uint32_t as_bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

std::uint32_t as_result(float sum) {
  return sum == sum ? as_bits(sum) : kCanonicalNan;
}

/// A fetch of given coordinates, without the level.
struct Fetch {
  const cuda_shim_texture& texture;
  std::uint32_t operation;
  unsigned dimensions;
  bool layered = false;  ///< z is a layer
  bool cube = false;     ///< on a face: its edges are the ends
  std::uint32_t layer = 0;
  std::uint32_t place[3] = {};  ///< floats or integers
  std::int32_t offset[3] = {};
  float gradient[2][3] = {};

  /// A direction does not count texels.
  bool normalized() const { return cube || texture.normalized_coordinates != 0; }
  /// Filters take texels of the faces beside.
  bool seamless() const { return cube && texture.seamless != 0; }
  bool integer() const { return (operation & CUDA_SHIM_TEXTURE_INTEGER) != 0; }
};

Axis axis_of(const Fetch& fetch, const cuda_shim_texture_level& level, unsigned dimension) {
  const std::uint32_t extents[] = {level.width, level.height, level.depth};
  const auto mode = static_cast<cuda_shim_address_mode>(fetch.texture.address_mode[dimension]);
  return {extents[dimension], fetch.cube ? CUDA_SHIM_ADDRESS_CLAMP : mode, fetch.normalized(),
          fetch.offset[dimension]};
}

Texel texel_of(const Fetch& fetch, const cuda_shim_texture_level& level,
               const std::int64_t (&index)[3]) {
  if (index[0] == kOutside || index[1] == kOutside || index[2] == kOutside)
    return border_texel(fetch.texture);
  const auto x = static_cast<std::uint64_t>(index[0]), y = static_cast<std::uint64_t>(index[1]);
  const std::uint64_t slice = level.address + static_cast<std::uint64_t>(index[2]) * level.slice;
  if (fetch.texture.blocks != CUDA_SHIM_BLOCKS_NONE) {
    const std::uint64_t block =
        slice + y / kBlockTexels * level.pitch + x / kBlockTexels * block_bytes(fetch.texture);
    return read_block_texel(fetch.texture, block, x % kBlockTexels, y % kBlockTexels);
  }
  return read_texel(fetch.texture, slice + y * level.pitch + x * texel_bytes(fetch.texture));
}

/// Of a place that may lie one texel beyond an edge of its face. Where three faces meet there is no
/// such texel: it is the mean of those around.
Texel texel_around(const Fetch& fetch, const cuda_shim_texture_level& level,
                   const std::int64_t (&index)[3]) {
  const std::int64_t last = level.width - 1;
  if (!fetch.seamless()) return texel_of(fetch, level, index);
  const std::int64_t inside[] = {std::clamp<std::int64_t>(index[0], 0, last),
                                 std::clamp<std::int64_t>(index[1], 0, last)};
  const auto beyond = [&](std::int64_t s, std::int64_t t) {
    const std::int64_t face = index[2] % kCubeFaces;
    const FacePlace place = across_edge(static_cast<unsigned>(face), s, t, level.width);
    return texel_of(fetch, level, {place.s, place.t, index[2] - face + place.face});
  };
  if (index[0] == inside[0] && index[1] == inside[1]) return texel_of(fetch, level, index);
  if (index[0] == inside[0] || index[1] == inside[1]) return beyond(index[0], index[1]);
  const Texel around[] = {texel_of(fetch, level, {inside[0], inside[1], index[2]}),
                          beyond(index[0], inside[1]), beyond(inside[0], index[1])};
  Texel mean;
  for (unsigned c = 0; c < 4; ++c)
    mean.bits[c] = as_result(
        (as_float(around[0].bits[c]) + as_float(around[1].bits[c]) + as_float(around[2].bits[c])) /
        3);
  return mean;
}

/// The slice of a layered texture; a layer beyond the last is the last.
std::int64_t slice_of(const Fetch& fetch, const cuda_shim_texture_level& level) {
  return fetch.layered ? std::min(fetch.layer, level.depth - 1) : 0;
}

Texel fetch_nearest(const Fetch& fetch, const cuda_shim_texture_level& level) {
  std::int64_t index[3] = {0, 0, slice_of(fetch, level)};
  for (unsigned d = 0; d < fetch.dimensions; ++d) {
    const Axis axis = axis_of(fetch, level, d);
    index[d] = fetch.integer() ? texel_at(axis, static_cast<std::int32_t>(fetch.place[d]))
                               : nearest(axis, as_float(fetch.place[d]));
  }
  return texel_of(fetch, level, index);
}

void find_footprints(const Fetch& fetch, const cuda_shim_texture_level& level,
                     Footprint (&footprint)[3]) {
  const std::int64_t slice = slice_of(fetch, level);
  footprint[1] = {0, 0, 0};
  footprint[2] = {slice, slice, 0};
  for (unsigned d = 0; d < fetch.dimensions; ++d) {
    Axis axis = axis_of(fetch, level, d);
    if (fetch.seamless()) axis.mode = CUDA_SHIM_ADDRESS_BORDER;
    footprint[d] = between(axis, as_float(fetch.place[d]));
    // To the left that is the place beyond the edge, to the right it is the one after the last.
    if (fetch.seamless() && footprint[d].right == kOutside) footprint[d].right = axis.extent;
  }
}

Texel fetch_linear(const Fetch& fetch, const cuda_shim_texture_level& level) {
  Footprint footprint[3] = {};
  find_footprints(fetch, level, footprint);
  if (footprint[0].weight == 0 && footprint[1].weight == 0 && footprint[2].weight == 0)
    return texel_around(fetch, level, {footprint[0].left, footprint[1].left, footprint[2].left});
  float sum[4] = {};
  for (unsigned corner = 0; corner < 1u << fetch.dimensions; ++corner) {
    float weight = 1;
    std::int64_t index[3];
    for (unsigned d = 0; d < 3; ++d) {
      const bool right = (corner >> d & 1) != 0;
      index[d] = right ? footprint[d].right : footprint[d].left;
      if (d < fetch.dimensions) weight *= right ? footprint[d].weight : 1 - footprint[d].weight;
    }
    if (weight == 0) continue;  // an infinity or NaN there does not count
    const Texel texel = texel_around(fetch, level, index);
    for (unsigned c = 0; c < 4; ++c) sum[c] += weight * as_float(texel.bits[c]);
  }
  return {{as_result(sum[0]), as_result(sum[1]), as_result(sum[2]), as_result(sum[3])}};
}

/// One channel of four texels, counterclockwise from the lower left (y grows downwards).
Texel gather(const Fetch& fetch, const cuda_shim_texture_level& level) {
  Footprint footprint[3] = {};
  find_footprints(fetch, level, footprint);
  const std::int64_t left = footprint[0].left, right = footprint[0].right;
  const std::int64_t upper = footprint[1].left, lower = footprint[1].right;
  const std::int64_t places[4][2] = {{left, lower}, {right, lower}, {right, upper}, {left, upper}};
  const unsigned channel = fetch.operation >> CUDA_SHIM_TEXTURE_CHANNEL_SHIFT & 3;
  Texel result;
  for (unsigned i = 0; i < 4; ++i)
    result.bits[i] =
        texel_around(fetch, level, {places[i][0], places[i][1], footprint[2].left}).bits[channel];
  return result;
}

Texel fetch_level(const Fetch& fetch, const cuda_shim_texture_level& level) {
  if (fetch.operation & CUDA_SHIM_TEXTURE_GATHER) return gather(fetch, level);
  const bool linear = fetch.texture.linear_filter && !fetch.integer();
  return linear ? fetch_linear(fetch, level) : fetch_nearest(fetch, level);
}

// --- Cubes

/// To the place on the face, from 0 to 1; gradients become those of that place.
void project_on_face(Fetch& fetch, const std::uint32_t* words) {
  const std::uint32_t* direction = words + CUDA_SHIM_TEXTURE_WORD_COORDINATES;
  const unsigned face = face_of(direction);
  fetch.layer = fetch.layer * kCubeFaces + face;
  const OnFace at = on_face(face, direction);
  fetch.place[0] = as_bits((at.s / at.major + 1) / 2);
  fetch.place[1] = as_bits((at.t / at.major + 1) / 2);
  if ((fetch.operation & CUDA_SHIM_TEXTURE_GRADIENT) == 0) return;
  for (unsigned i = 0; i < 2; ++i) {
    const OnFace step = on_face(face, words + CUDA_SHIM_TEXTURE_WORD_LOD + 3 * i);
    const float scale = 2 * at.major * at.major;
    fetch.gradient[i][0] = (step.s * at.major - at.s * step.major) / scale;
    fetch.gradient[i][1] = (step.t * at.major - at.t * step.major) / scale;
  }
}

/// A layer of a layered cubemap beyond the last is the last.
std::uint32_t cube_layer(const cuda_shim_texture& texture, std::uint32_t layer) {
  const std::uint32_t cubes = std::max(texture.level[0].depth / kCubeFaces, 1u);
  return std::min(layer, cubes - 1);
}

// --- Levels of detail

void take_gradients(Fetch& fetch, const std::uint32_t* words) {
  const std::uint32_t* given = words + CUDA_SHIM_TEXTURE_WORD_LOD;
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned d = 0; d < fetch.dimensions; ++d)
      fetch.gradient[i][d] = as_float(given[3 * i + d]);
}

float gradient_length(const Fetch& fetch, const float* gradient) {
  const cuda_shim_texture_level& base = fetch.texture.level[0];
  const std::uint32_t extents[] = {base.width, base.height, base.depth};
  float sum = 0;
  for (unsigned d = 0; d < fetch.dimensions; ++d) {
    const float step = gradient[d] * (fetch.normalized() ? static_cast<float>(extents[d]) : 1.0f);
    sum += step * step;
  }
  return std::sqrt(sum);
}

/// A footprint that is longer than wide is covered by several samples along it, each of the level
/// that its width asks for (as the OpenGL extension EXT_texture_filter_anisotropic suggests; the
/// manual does not say how many samples a GPU takes, nor where). Filters of nearest texels and
/// faces of cubes have one sample.
struct Spread {
  unsigned samples = 1;
  unsigned along = 0;  ///< which of the gradients
  float length = 0;    ///< of a sample's footprint, in texels of the base level
};

Spread spread_of(const Fetch& fetch) {
  const float lengths[] = {gradient_length(fetch, fetch.gradient[0]),
                           gradient_length(fetch, fetch.gradient[1])};
  Spread spread;
  spread.along = lengths[1] > lengths[0] ? 1 : 0;
  const float longer = lengths[spread.along], shorter = lengths[1 - spread.along];
  spread.length = std::max(lengths[0], lengths[1]);
  const std::uint32_t most = fetch.texture.greatest_anisotropy;
  const bool stretched = longer > shorter && std::isfinite(longer);
  if (most <= 1 || fetch.cube || !fetch.texture.linear_filter || !stretched) return spread;
  const float ratio = std::min(std::ceil(longer / shorter), static_cast<float>(most));
  spread.samples = static_cast<unsigned>(ratio);
  spread.length = longer / ratio;
  return spread;
}

/// The level of detail; the base level where none is asked for.
float level_of_detail(const Fetch& fetch, const Spread& spread, const std::uint32_t* words) {
  const cuda_shim_texture& texture = fetch.texture;
  float detail = 0;
  if (fetch.operation & CUDA_SHIM_TEXTURE_LOD)
    detail = as_float(words[CUDA_SHIM_TEXTURE_WORD_LOD]);
  else if (fetch.operation & CUDA_SHIM_TEXTURE_GRADIENT)
    detail = std::log2(spread.length);
  else
    return 0;
  if (std::isnan(detail)) detail = 0;
  detail =
      std::min(std::max(detail + texture.level_bias, texture.least_level), texture.greatest_level);
  return std::clamp(detail, 0.0f, static_cast<float>(texture.levels - 1));
}

Texel blend(const Texel& less, const Texel& more, float weight) {
  Texel result;
  for (unsigned c = 0; c < 4; ++c)
    result.bits[c] =
        as_result((1 - weight) * as_float(less.bits[c]) + weight * as_float(more.bits[c]));
  return result;
}

Texel fetch_detail(const Fetch& fetch, float detail) {
  const cuda_shim_texture& texture = fetch.texture;
  if (!texture.linear_levels) return fetch_level(fetch, texture.level[std::lround(detail)]);
  const auto base = static_cast<unsigned>(detail);
  const float weight = rounded_weight(detail - static_cast<float>(base));
  const Texel less = fetch_level(fetch, texture.level[base]);
  if (weight == 0) return less;
  return blend(less, fetch_level(fetch, texture.level[base + 1]), weight);
}

/// The mean of samples as far apart as they are from the ends. It is worked out so that samples
/// which are all the same give themselves.
Texel fetch_along(const Fetch& fetch, const Spread& spread, float detail) {
  float mean[4] = {};
  for (unsigned i = 1; i <= spread.samples; ++i) {
    const float place = static_cast<float>(i) / static_cast<float>(spread.samples + 1) - 0.5f;
    Fetch sample = fetch;
    for (unsigned d = 0; d < fetch.dimensions; ++d)
      sample.place[d] = as_bits(as_float(fetch.place[d]) + place * fetch.gradient[spread.along][d]);
    const Texel texel = fetch_detail(sample, detail);
    for (unsigned c = 0; c < 4; ++c)
      mean[c] += (as_float(texel.bits[c]) - mean[c]) / static_cast<float>(i);
  }
  return {{as_result(mean[0]), as_result(mean[1]), as_result(mean[2]), as_result(mean[3])}};
}

Texel fetch_levels(const Fetch& fetch, const std::uint32_t* words) {
  const bool gradient = (fetch.operation & CUDA_SHIM_TEXTURE_GRADIENT) != 0;
  const Spread spread = gradient ? spread_of(fetch) : Spread{};
  const float detail = level_of_detail(fetch, spread, words);
  return spread.samples == 1 ? fetch_detail(fetch, detail) : fetch_along(fetch, spread, detail);
}

struct Shape {
  unsigned dimensions;
  bool layered, cube;
};
constexpr Shape kShapes[] = {{1, false, false}, {2, false, false}, {3, false, false},
                             {1, true, false},  {2, true, false},  {2, true, true},
                             {2, true, true}};

}  // namespace

void fetch_texture(const cuda_shim_texture& texture, std::uint32_t operation,
                   const std::uint32_t* words, std::uint32_t* result) {
  const std::uint32_t geometry = operation & CUDA_SHIM_TEXTURE_GEOMETRY_MASK;
  const Shape& shape = kShapes[geometry];
  Fetch fetch = {texture, operation, shape.dimensions, shape.layered, shape.cube};
  if (operation & CUDA_SHIM_TEXTURE_OFFSET)
    for (unsigned d = 0; d < shape.dimensions; ++d)
      fetch.offset[d] = static_cast<std::int32_t>(words[CUDA_SHIM_TEXTURE_WORD_OFFSETS + d]);
  if (shape.layered && geometry != CUDA_SHIM_GEOMETRY_CUBE)
    fetch.layer = words[CUDA_SHIM_TEXTURE_WORD_LAYER];
  const std::uint32_t* place = words + CUDA_SHIM_TEXTURE_WORD_COORDINATES;
  if (shape.cube) {
    fetch.layer = cube_layer(texture, fetch.layer);
    project_on_face(fetch, words);
  } else {
    for (unsigned d = 0; d < shape.dimensions; ++d) fetch.place[d] = place[d];
    if (operation & CUDA_SHIM_TEXTURE_GRADIENT) take_gradients(fetch, words);
  }
  const Texel texel = fetch_levels(fetch, words);
  std::ranges::copy(texel.bits, result);
}

namespace {

// By cuda_shim_texel: read as integers, and as fractions.
constexpr std::uint16_t kChannelTypes[][2] = {{0x10da, 0x10d2}, {0x10db, 0x10d3}, {0x10dc, 0},
                                              {0x10d7, 0x10d0}, {0x10d8, 0x10d1}, {0x10d9, 0},
                                              {0x10dd, 0},      {0x10de, 0}};
// By channels: R, RG, RGBA.
constexpr std::uint16_t kChannelOrders[] = {0, 0x10b0, 0x10b2, 0, 0x10b5};

// By cuda_shim_address_mode. The manual says "Integer from enum { wrap, mirror, clamp_ogl,
// clamp_to_edge, clamp_to_border }" and { nearest, linear }; no public source gives the numbers, so
// they are the places in these lists.
constexpr std::uint8_t kAddressModes[] = {0, 3, 1, 4};

std::uint32_t channel_type(const cuda_shim_texture& texture) {
  return kChannelTypes[texture.texel][texture.normalized_values != 0 ? 1 : 0];
}

std::uint32_t array_size(const cuda_shim_texture& texture) {
  if (texture.layered == 0) return 0;
  return texture.level[0].depth / (texture.cube != 0 ? 6 : 1);
}

}  // namespace

std::uint32_t query_texture(const cuda_shim_texture& texture, std::uint32_t question,
                            std::uint32_t level) {
  const cuda_shim_texture_level& found =
      texture.level[std::min<std::uint32_t>(level, std::max<std::uint32_t>(texture.levels, 1) - 1)];
  switch (static_cast<cuda_shim_texture_question>(question)) {
    case CUDA_SHIM_TEXTURE_WIDTH:
      return found.width;
    case CUDA_SHIM_TEXTURE_HEIGHT:
      return found.height;
    case CUDA_SHIM_TEXTURE_DEPTH:
      return found.depth;
    case CUDA_SHIM_TEXTURE_ARRAY_SIZE:
      return array_size(texture);
    case CUDA_SHIM_TEXTURE_NUM_LEVELS:
      return texture.mipmapped != 0 ? texture.levels : 0;
    case CUDA_SHIM_TEXTURE_NORMALIZED:
      return texture.normalized_coordinates;
    case CUDA_SHIM_TEXTURE_CHANNEL_TYPE:
      return channel_type(texture);
    case CUDA_SHIM_TEXTURE_CHANNEL_ORDER:
      return kChannelOrders[texture.channels];
    case CUDA_SHIM_TEXTURE_FORCES_TEXELS:
      return texture.kind == CUDA_SHIM_OPAQUE_SAMPLER && texture.normalized_coordinates == 0;
    case CUDA_SHIM_TEXTURE_FILTER_MODE:
      return texture.linear_filter;
    case CUDA_SHIM_TEXTURE_ADDRESS_MODE_0:
    case CUDA_SHIM_TEXTURE_ADDRESS_MODE_1:
    case CUDA_SHIM_TEXTURE_ADDRESS_MODE_2:
      return kAddressModes[texture.address_mode[question - CUDA_SHIM_TEXTURE_ADDRESS_MODE_0]];
    case CUDA_SHIM_TEXTURE_NUM_SAMPLES:  // of multi-sampled textures, which CUDA has none of
    case CUDA_SHIM_TEXTURE_IS_LINEAR:
      return 0;
    case CUDA_SHIM_TEXTURE_KIND:
      return texture.kind;
  }
  return 0;
}

}  // namespace cuda_shim::devices::cpu
