// tex, tld4, txq, suld, sust, sured (PTX ISA 9.0, sections 9.7.10 and 9.7.11), as the CUDA C++
// programming guide describes fetching (appendix "Texture Fetching"). Worked out in double, where
// the weights of eight bits and the numbers of the tests are exact.

#include "ptx/interpreter/texture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

using Color = std::array<double, 4>;

const BoundTexture& find(const Lane& lane, std::uint64_t handle) {
  for (const BoundTexture& texture : lane.machine->launch().textures)
    if (texture.handle == handle) return texture;
  throw Fault(FaultKind::kIllegalAddress, "A handle is not that of a texture or surface.");
}

const BoundTexture& texture_operand(const Lane& lane, unsigned index) {
  Argument base = lane.argument(index);
  return find(lane, lane.address(base));
}

// --- Texels

std::uint64_t offset_of_level(const TextureObject& object, unsigned level) {
  std::uint64_t texels = 0;
  for (unsigned i = 0; i < level; ++i)
    texels += std::uint64_t{object.width_of(i)} * object.height_of(i) * object.depth_of(i);
  return texels * object.channels * object.channel_bytes();
}

double srgb(double value) {
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double channel_value(const TextureObject& object, const std::byte* place, unsigned channel) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, place, object.channel_bytes());
  const unsigned width = object.channel_bytes() * 8;
  if (object.type == "f32") return std::bit_cast<float>(bits);
  if (object.type == "f16") {
    const auto exact = decode(bits, format_of(ScalarType::kF16));
    return std::bit_cast<float>(
        static_cast<std::uint32_t>(encode(exact, format_of(ScalarType::kF32))));
  }
  const bool is_signed = object.type[0] == 's';
  double number = bits;
  if (is_signed && (bits >> (width - 1)) != 0) number -= std::ldexp(1.0, static_cast<int>(width));
  if (!object.as_float || width == 32) return number;
  const double most = std::ldexp(1.0, static_cast<int>(width - (is_signed ? 1 : 0))) - 1;
  const double fraction = std::max(static_cast<float>(number / most), -1.0f);
  return object.srgb && channel < 3 ? static_cast<float>(srgb(fraction)) : fraction;
}

/// Where indices are; nothing where the border is.
using Index = std::array<std::optional<std::int64_t>, 3>;

Color read(const BoundTexture& texture, unsigned level, const Index& at) {
  const TextureObject& object = texture.object;
  Color color = {0, 0, 0, 1};
  if (!at[0] || !at[1] || !at[2]) {
    std::ranges::copy(object.border, color.begin());
    return color;
  }
  const std::uint64_t texel = (static_cast<std::uint64_t>(*at[2]) * object.height_of(level) +
                               static_cast<std::uint64_t>(*at[1])) *
                                  object.width_of(level) +
                              static_cast<std::uint64_t>(*at[0]);
  const std::byte* place = texture.texels + offset_of_level(object, level) +
                           texel * object.channels * object.channel_bytes();
  for (unsigned c = 0; c < object.channels; ++c)
    color[c] = channel_value(object, place + std::size_t{c} * object.channel_bytes(), c);
  return color;
}

std::optional<std::int64_t> addressed(const std::string& mode, std::int64_t index,
                                      std::int64_t count) {
  if (index >= 0 && index < count) return index;
  if (mode == "border") return std::nullopt;
  if (mode == "clamp") return index < 0 ? 0 : count - 1;
  const std::int64_t period = mode == "wrap" ? count : 2 * count;
  const std::int64_t rest = ((index % period) + period) % period;
  return rest < count ? rest : 2 * count - 1 - rest;
}

// --- Places

struct Fetch {
  const BoundTexture& texture;
  unsigned axes = 1;
  std::array<double, 3> at = {};  ///< coordinates; on the face of a cube
  std::int64_t slice = 0;
  std::array<std::int64_t, 3> offset = {};
  bool integer = false, normalized = false;

  const TextureObject& object() const { return texture.object; }
  std::int64_t count(unsigned axis, unsigned level) const {
    return axis == 0   ? object().width_of(level)
           : axis == 1 ? object().height_of(level)
                       : object().depth_of(level);
  }
  double position(unsigned axis, unsigned level) const {
    // Every second repetition runs backwards.
    double place = at[axis];
    if (normalized && mode(axis) == "mirror") {
      place -= std::floor(place);
      if (std::fmod(std::floor(at[axis]), 2) != 0) place = 1 - place;
    }
    return place * (normalized ? static_cast<double>(count(axis, level)) : 1);
  }
  /// CUDA repeats by normalised coordinates only; beyond a cube's face its edge is.
  std::string mode(unsigned axis) const {
    const std::string& mode = object().address[axis];
    if (object().is_cube() || (!normalized && (mode == "wrap" || mode == "mirror"))) return "clamp";
    return mode;
  }
  Color texel(unsigned level, const std::array<std::int64_t, 3>& index) const {
    Index found = {0, 0, 0};
    for (unsigned d = 0; d < axes; ++d)
      found[d] = addressed(mode(d), index[d] + offset[d], count(d, level));
    if (axes < 3) found[2] = slice;
    return read(texture, level, found);
  }
};

/// Which face a direction meets, and where on it: s and t from 0 to 1.
void project(Fetch& fetch, const std::array<double, 3>& direction) {
  const auto [x, y, z] = direction;
  const double ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
  double major = az, s = z > 0 ? x : -x, t = -y;
  unsigned face = z > 0 ? 4 : 5;
  if (ax >= ay && ax >= az) {
    major = ax, s = x > 0 ? -z : z, face = x > 0 ? 0 : 1;
  } else if (ay >= az) {
    major = ay, s = x, t = y > 0 ? z : -z, face = y > 0 ? 2 : 3;
  }
  fetch.slice = fetch.slice * 6 + face;
  fetch.at = {(s / major + 1) / 2, (t / major + 1) / 2, 0};
}

std::array<std::int64_t, 3> floors(const Fetch& fetch, unsigned level, double shift) {
  std::array<std::int64_t, 3> result = {};
  for (unsigned d = 0; d < fetch.axes; ++d)
    result[d] = static_cast<std::int64_t>(std::floor(fetch.position(d, level) - shift));
  return result;
}

/// Of a position, the part behind the point in eight bits.
double weight(double position) {
  return std::nearbyint((position - std::floor(position)) * 256) / 256;
}

Color fetch_level(const Fetch& fetch, unsigned level) {
  if (!fetch.object().linear || fetch.integer) return fetch.texel(level, floors(fetch, level, 0));
  const auto base = floors(fetch, level, 0.5);
  Color sum = {};
  for (unsigned corner = 0; corner < 1u << fetch.axes; ++corner) {
    double part = 1;
    auto index = base;
    for (unsigned d = 0; d < fetch.axes; ++d) {
      const bool right = (corner >> d & 1) != 0;
      const double share = weight(fetch.position(d, level) - 0.5);
      part *= right ? share : 1 - share;
      index[d] += right ? 1 : 0;
    }
    if (part == 0) continue;
    const Color color = fetch.texel(level, index);
    for (unsigned c = 0; c < 4; ++c) sum[c] += part * color[c];
  }
  return sum;
}

Color fetch_detail(const Fetch& fetch, double detail) {
  const TextureObject& object = fetch.object();
  detail =
      std::clamp(detail + object.bias, double{object.least_level}, double{object.greatest_level});
  detail = std::clamp(detail, 0.0, double(object.levels - 1));
  const auto low = static_cast<unsigned>(detail);
  if (!object.mip_linear) return fetch_level(fetch, static_cast<unsigned>(detail + 0.5));
  const double share = weight(detail);
  Color result = fetch_level(fetch, low);
  if (share == 0) return result;
  const Color more = fetch_level(fetch, low + 1);
  for (unsigned c = 0; c < 4; ++c) result[c] = (1 - share) * result[c] + share * more[c];
  return result;
}

// --- Operands and results

double number(const Lane& lane, const Argument& argument, ScalarType type) {
  const Bits bits = lane.bits(argument, type);
  if (type == ScalarType::kF32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return static_cast<std::int32_t>(to_integer(bits, ScalarType::kS32));
}

/// The elements of `{a, b}`, or of one value.
std::vector<const Argument*> elements(const Argument& argument) {
  std::vector<const Argument*> result;
  for (const Argument& element : argument.elements) result.push_back(&element);
  if (result.empty()) result.push_back(&argument);
  return result;
}

/// What the operand `[a, {layer, x, y, z}]` says; `type` is that of the coordinates.
Fetch read_fetch(const Lane& lane, unsigned operand, ScalarType type) {
  Fetch fetch = {.texture = texture_operand(lane, operand)};
  const TextureObject& object = fetch.object();
  const unsigned dimensions = object.dimensions();
  fetch.axes = object.is_cube() ? 2 : dimensions;
  fetch.integer = type == ScalarType::kS32;
  fetch.normalized = (object.normalized && !fetch.integer) || object.is_cube();
  const auto words = elements(lane.argument(operand).elements.at(0));
  std::size_t next = 0;
  if (object.is_layered()) {
    const std::int64_t layers = object.is_cube() ? object.depth / 6 : object.depth;
    fetch.slice =
        std::min<std::int64_t>(lane.bits(*words.at(next++), ScalarType::kU32), layers - 1);
  }
  if (lane.has("2dms") || lane.has("a2dms")) ++next;  // the only sample
  std::array<double, 3> place = {};
  for (unsigned d = 0; d < dimensions; ++d) place[d] = number(lane, *words.at(next++), type);
  if (object.is_cube())
    project(fetch, place);
  else
    fetch.at = place;
  return fetch;
}

/// Behind the operands that each form has stand offsets, a vector, and a depth.
void refuse_depth(const Lane& lane, unsigned operand) {
  if (!lane.has_operand(operand)) return;
  const bool offsets = lane.argument(operand).kind == ArgumentKind::kVector;
  if (!offsets || lane.has_operand(operand + 1))
    throw Fault(FaultKind::kInvalid, "Operand f compares with depths, which no texture holds.");
}

void read_offsets(const Lane& lane, unsigned operand, Fetch& fetch) {
  if (!lane.has_operand(operand)) return;
  const auto words = elements(lane.argument(operand));
  for (unsigned d = 0; d < fetch.axes; ++d)
    fetch.offset[d] = static_cast<std::int64_t>(number(lane, *words.at(d), ScalarType::kS32));
}

bool gives_integers(const TextureObject& object) {
  return object.type[0] != 'f' && !object.as_float;
}

/// A channel as the instruction's type asks for it.
Bits result_bits(const TextureObject& object, double value, ScalarType type) {
  const std::uint32_t word = gives_integers(object)
                                 ? static_cast<std::uint32_t>(static_cast<std::int64_t>(value))
                                 : std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (type != ScalarType::kF16) return word;
  return encode(decode(word, format_of(ScalarType::kF32)), format_of(ScalarType::kF16));
}

void set_color(Lane& lane, const TextureObject& object, const Color& color) {
  const ScalarType type = lane.type(0);
  const auto to = elements(lane.argument(0));
  if (type == ScalarType::kF16x2) {
    for (unsigned i = 0; i < 2; ++i)
      lane.set(*to.at(i), result_bits(object, color[2 * i], ScalarType::kF16) |
                              result_bits(object, color[2 * i + 1], ScalarType::kF16) << 16);
  } else {
    for (unsigned i = 0; i < 4; ++i) lane.set(*to.at(i), result_bits(object, color[i], type));
  }
  lane.set_pair(0, 1);  // every texel is there
}

// --- Instructions

void tex(Lane& lane) {
  refuse_depth(lane, 2);
  Fetch fetch = read_fetch(lane, 1, lane.type(1));
  read_offsets(lane, 2, fetch);
  set_color(lane, fetch.object(), fetch_level(fetch, 0));
}

void tex_level(Lane& lane) {
  refuse_depth(lane, 3);
  Fetch fetch = read_fetch(lane, 1, lane.type(1));
  read_offsets(lane, 3, fetch);
  set_color(lane, fetch.object(),
            fetch_detail(fetch, number(lane, lane.argument(2), ScalarType::kF32)));
}

std::array<double, 3> vector_operand(const Lane& lane, const Argument& argument,
                                     std::size_t first = 0) {
  const auto words = elements(argument);
  std::array<double, 3> result = {};
  for (std::size_t d = 0; d < 3; ++d)
    result[d] = number(lane, *words.at(first + d), ScalarType::kF32);
  return result;
}

/// How far the place on the face moves with the direction, by the difference of two directions that
/// lie close together.
void tex_grad_cube(Lane& lane, const Fetch& fetch) {
  constexpr double kNear = 0x1p-20;
  const auto center =
      vector_operand(lane, lane.argument(1).elements.at(0), fetch.object().is_layered() ? 1 : 0);
  double longest = 0;
  for (unsigned operand : {2u, 3u}) {
    const auto step = vector_operand(lane, lane.argument(operand));
    Fetch ends[2] = {fetch, fetch};
    for (int side : {0, 1}) {
      auto direction = center;
      for (unsigned d = 0; d < 3; ++d) direction[d] += (side == 0 ? -kNear : kNear) * step[d];
      project(ends[side], direction);
    }
    const double s = (ends[1].at[0] - ends[0].at[0]) / (2 * kNear);
    const double t = (ends[1].at[1] - ends[0].at[1]) / (2 * kNear);
    longest = std::max(longest, std::hypot(s, t) * fetch.object().width);
  }
  set_color(lane, fetch.object(), fetch_detail(fetch, std::log2(longest)));
}

/// The level is the logarithm of the longer gradient, in texels.
void tex_grad(Lane& lane) {
  refuse_depth(lane, 4);
  Fetch fetch = read_fetch(lane, 1, lane.type(1));
  if (fetch.object().is_cube()) return tex_grad_cube(lane, fetch);
  read_offsets(lane, 4, fetch);
  double longest = 0;
  for (unsigned operand : {2u, 3u}) {
    double sum = 0;
    const auto words = elements(lane.argument(operand));
    for (unsigned d = 0; d < fetch.axes; ++d) {
      const double step = number(lane, *words.at(d), ScalarType::kF32) *
                          (fetch.normalized ? static_cast<double>(fetch.count(d, 0)) : 1);
      sum += step * step;
    }
    longest = std::max(longest, std::sqrt(sum));
  }
  set_color(lane, fetch.object(), fetch_detail(fetch, std::log2(longest)));
}

/// One channel of the four texels that a linear filter would weigh, against the clock from the
/// lower left one.
void tld4(Lane& lane) {
  refuse_depth(lane, 2);
  Fetch fetch = read_fetch(lane, 1, lane.type(1));
  read_offsets(lane, 2, fetch);
  const unsigned channel = lane.has("r") ? 0 : lane.has("g") ? 1 : lane.has("b") ? 2 : 3;
  const auto base = floors(fetch, 0, 0.5);
  constexpr std::int64_t kCorners[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
  Color color = {};
  for (unsigned i = 0; i < 4; ++i)
    color[i] = fetch.texel(0, {base[0] + kCorners[i][0], base[1] + kCorners[i][1], 0})[channel];
  set_color(lane, fetch.object(), color);
}

/// OpenCL's numbers for formats, in the order of PTX ISA 5.3.2.
std::uint32_t channel_type(const TextureObject& object) {
  constexpr std::string_view kFractions[] = {"s8", "s16", "u8", "u16"};
  constexpr std::string_view kTypes[] = {"s8", "s16", "s32", "u8", "u16", "u32", "f16", "f32"};
  const auto* fraction = std::ranges::find(kFractions, object.type);
  if (object.as_float && fraction != std::end(kFractions))
    return 0x10d0 + static_cast<std::uint32_t>(fraction - kFractions);
  return 0x10d7 + static_cast<std::uint32_t>(std::ranges::find(kTypes, object.type) - kTypes);
}

/// The place in the manual's list { wrap, mirror, clamp_ogl, clamp_to_edge, clamp_to_border }.
std::uint32_t mode_number(std::string_view mode) {
  constexpr std::string_view kModes[] = {"wrap", "mirror", "", "clamp", "border"};
  return static_cast<std::uint32_t>(std::ranges::find(kModes, mode) - kModes);
}

/// What is not set below is 0: the number of samples (nothing is multi-sampled), a surface's memory
/// layout (only plain memory is 1), whether a sampler forces texels (asked of textures here).
void query(Lane& lane) {
  const TextureObject& object = texture_operand(lane, 1).object;
  const unsigned level = lane.has("level") ? lane.u32(2) : 0;
  std::uint32_t answer = 0;
  if (lane.has("width")) answer = object.width_of(level);
  if (lane.has("height")) answer = object.height_of(level);
  if (lane.has("depth")) answer = object.depth_of(level);
  if (lane.has("array_size") && object.is_layered())
    answer = object.depth_of(0) / (object.is_cube() ? 6 : 1);
  if (lane.has("num_mipmap_levels")) answer = object.levels > 1 ? object.levels : 0;
  if (lane.has("normalized_coords")) answer = object.normalized;
  if (lane.has("filter_mode")) answer = object.linear;
  for (unsigned axis = 0; axis < 3; ++axis)
    if (lane.has(fmt::format("addr_mode_{}", axis))) answer = mode_number(object.address[axis]);
  if (lane.has("channel_data_type")) answer = channel_type(object);
  if (lane.has("channel_order"))
    answer = object.channels == 1 ? 0x10b0 : object.channels == 2 ? 0x10b2 : 0x10b5;
  lane.set(0, answer);
}

void istypep(Lane& lane) {
  const auto handle = static_cast<std::uint64_t>(lane.bits(1, ScalarType::kB64));
  bool is_type = false;
  for (const BoundTexture& texture : lane.machine->launch().textures)
    if (texture.handle == handle)
      is_type = lane.type() == (texture.is_surface ? ScalarType::kSurfref : ScalarType::kTexref);
  lane.set_predicate(0, is_type);
}

// --- Surfaces

/// The bytes of an access; null where the boundary mode lets it fall away.
std::byte* surface_place(const Lane& lane, unsigned operand, std::int64_t bytes) {
  const bool formatted = lane.has("p");
  const BoundTexture& surface = texture_operand(lane, operand);
  const TextureObject& object = surface.object;
  const auto words = elements(lane.argument(operand).elements.at(0));
  std::size_t next = 0;
  const auto word = [&] {
    return static_cast<std::int64_t>(number(lane, *words.at(next++), ScalarType::kS32));
  };
  std::int64_t z = object.is_layered() ? word() : 0;
  std::int64_t x = word(), y = object.dimensions() > 1 ? word() : 0;
  if (object.dimensions() > 2) z = word();
  if (formatted) {
    bytes = object.channels * object.channel_bytes();
    x *= bytes;
  }
  const std::int64_t row = std::int64_t{object.width} * object.channels * object.channel_bytes();
  const std::int64_t most[3] = {row - bytes, object.height - 1, object.depth - 1};
  const bool inside = x >= 0 && x <= most[0] && y >= 0 && y <= most[1] && z >= 0 && z <= most[2];
  if (!inside && lane.has("zero")) return nullptr;
  if (!inside && !lane.has("clamp"))
    throw Fault(FaultKind::kTrap, "A surface is accessed outside.");
  x = std::clamp<std::int64_t>(x, 0, most[0]);
  y = std::clamp<std::int64_t>(y, 0, most[1]);
  z = std::clamp<std::int64_t>(z, 0, most[2]);
  if (x % bytes != 0) throw Fault(FaultKind::kMisalignedAddress, "The byte coordinate is odd.");
  return surface.texels + (z * object.height + y) * row + x;
}

void suld(Lane& lane) {
  const auto to = elements(lane.argument(0));
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  const std::byte* from = surface_place(lane, 1, static_cast<std::int64_t>(bytes * to.size()));
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint64_t bits = 0;
    if (from != nullptr) std::memcpy(&bits, from + i * bytes, bytes);
    lane.set(*to[i], bits);
  }
}

void sust(Lane& lane) {
  const auto from = elements(lane.argument(1));
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  std::byte* to = surface_place(lane, 0, static_cast<std::int64_t>(bytes * from.size()));
  for (std::size_t i = 0; to != nullptr && i < from.size(); ++i) {
    const auto bits = static_cast<std::uint64_t>(lane.bits(*from[i], lane.type()));
    std::memcpy(to + i * bytes, &bits, bytes);
  }
}

/// The word as the nearest number of so many bits.
Bits clamped(Bits word, bool is_signed, unsigned width) {
  const Integer number = to_integer(word, 32, is_signed);
  const Integer half = Integer{1} << static_cast<int>(width - 1);
  const Integer least = is_signed ? Integer{0} - half : Integer{0};
  const Integer most = (is_signed ? half : half + half) - Integer{1};
  return to_bits(number < least ? least : number > most ? most : number);
}

/// Each word becomes a channel of the surface; integers are clamped to it.
void store_formatted(Lane& lane) {
  const auto from = elements(lane.argument(1));
  std::byte* to = surface_place(lane, 0, 0);
  const TextureObject& object = texture_operand(lane, 0).object;
  const unsigned bytes = object.channel_bytes();
  for (std::size_t c = 0; to != nullptr && c < std::min<std::size_t>(from.size(), object.channels);
       ++c) {
    const Bits word = lane.bits(*from[c], ScalarType::kB32);
    Bits bits = word;
    if (object.type == "f16")
      bits = encode(decode(word, format_of(ScalarType::kF32)), format_of(ScalarType::kF16));
    else if (object.type != "f32")
      bits = clamped(word, object.type[0] == 's', bytes * 8);
    const auto stored = static_cast<std::uint64_t>(bits);
    std::memcpy(to + c * bytes, &stored, bytes);
  }
}

/// Of the formatted form, the surface says whether numbers have a sign.
void sured(Lane& lane) {
  const bool is_signed = texture_operand(lane, 0).object.type[0] == 's';
  const bool wide = lane.type() == ScalarType::kB64;
  const ScalarType with_sign = wide ? ScalarType::kS64 : ScalarType::kS32;
  const ScalarType type = lane.has("p") && is_signed ? with_sign : lane.type();
  const unsigned bytes = kernels::ptx::bytes_of(type);
  std::byte* place = surface_place(lane, 0, bytes);
  if (place == nullptr) return;
  std::uint64_t raw = 0;
  std::memcpy(&raw, place, bytes);
  const Integer old = to_integer(Bits{raw}, type), operand = lane.integer(1, type);
  Integer result = old;
  if (lane.has("add")) result = old + operand;
  if (lane.has("min")) result = operand < old ? operand : old;
  if (lane.has("max")) result = operand > old ? operand : old;
  if (lane.has("and")) result = old & operand;
  if (lane.has("or")) result = old | operand;
  const auto bits = static_cast<std::uint64_t>(to_bits(wrap(result, type)));
  std::memcpy(place, &bits, bytes);
}

#define CUDA_SHIM_FLAT ".1d|2d|3d|a1d|a2d"
#define CUDA_SHIM_ALL ".1d|2d|3d|a1d|a2d|cube|acube"
#define CUDA_SHIM_RESULT ".v4|v2.u32|s32|f16|f16x2|f32"

constexpr Row kRows[] = {
    {"tex{.base}" CUDA_SHIM_ALL CUDA_SHIM_RESULT ".s32|f32", tex},
    {"tex{.base}.2dms|a2dms" CUDA_SHIM_RESULT ".s32", tex},
    {"tex.level" CUDA_SHIM_ALL CUDA_SHIM_RESULT ".f32", tex_level},
    {"tex.grad" CUDA_SHIM_ALL CUDA_SHIM_RESULT ".f32", tex_grad},
    {"tld4.r|g|b|a.2d|a2d|cube|acube.v4.u32|s32|f32.f32", tld4},
    {"txq{.level}.width|height|depth|array_size|num_mipmap_levels|normalized_coords|channel_data_"
     "type|channel_order|num_samples|force_unnormalized_coords|filter_mode|addr_mode_0|addr_mode_1|"
     "addr_"
     "mode_2.b32",
     query},
    {"suq.width|height|depth|array_size|channel_data_type|channel_order|memory_layout.b32", query},
    {"istypep.texref|surfref|samplerref", istypep},
    {"suld.b" CUDA_SHIM_FLAT "{.<cache>}{.v2|v4}.b8|b16|b32|b64.trap|clamp|zero", suld},
    {"sust.b" CUDA_SHIM_FLAT "{.<cache>}{.v2|v4}.b8|b16|b32|b64.trap|clamp|zero", sust},
    {"sust.p" CUDA_SHIM_FLAT "{.v2|v4}.b32.trap|clamp|zero", store_formatted},
    {"sured.p.add|min|max|and|or.1d|2d|3d.b32.trap|clamp|zero", sured},
    {"sured.p.min|max.1d|2d|3d.b64.trap|clamp|zero", sured},
    {"sured.b.add|min|max|and|or.1d|2d|3d.u32|s32|u64|s64|b32.trap|clamp|zero", sured},
};

}  // namespace

Rows texture_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
