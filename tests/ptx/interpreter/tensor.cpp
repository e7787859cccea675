// cp.async.bulk.tensor, cp.reduce.async.bulk.tensor and tensormap (PTX ISA 9.0, sections 5.5,
// 9.7.9.25.5 and 9.7.9.26), element by element: where in shared memory an element of the box lies,
// and where in the tensor, if anywhere.

#include "ptx/interpreter/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "ptx/interpreter/real.h"
#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {

namespace {

struct Type {
  std::string_view name;
  ScalarType scalar;        ///< of packed elements one that is wide enough
  unsigned bits;            ///< in global memory
  unsigned group_bits = 0;  ///< what 16 elements take in shared memory; 0: as much as they have
};
constexpr Type kTypes[] = {{"u8", ScalarType::kU8, 8},
                           {"u16", ScalarType::kU16, 16},
                           {"u32", ScalarType::kU32, 32},
                           {"s32", ScalarType::kS32, 32},
                           {"u64", ScalarType::kU64, 64},
                           {"s64", ScalarType::kS64, 64},
                           {"f16", ScalarType::kF16, 16},
                           {"f32", ScalarType::kF32, 32},
                           {"f32.ftz", ScalarType::kF32, 32},
                           {"f64", ScalarType::kF64, 64},
                           {"bf16", ScalarType::kBf16, 16},
                           {"tf32", ScalarType::kB32, 32},
                           {"tf32.ftz", ScalarType::kB32, 32},
                           {"b4x16", ScalarType::kB8, 4},
                           {"b4x16_p64", ScalarType::kB8, 4, 128},
                           {"b6x16_p32", ScalarType::kB8, 6, 128}};

using Coordinates = std::array<std::int64_t, 5>;

/// One copy: the map, the box in shared memory, and where it is in the tensor.
struct Copy {
  Tensor map = {};
  std::uint64_t box = 0;
  Coordinates start = {};
  std::vector<std::int64_t> offsets;  ///< im2col
  unsigned halo = 0;                  ///< im2col::w
  std::int64_t shift = 0;             ///< im2col::w, along the width

  unsigned rank() const { return map.rank_1 + 1u; }
  const Type& type() const { return kTypes[map.type]; }
  bool is_padded() const { return type().group_bits != 0; }
};

Tensor read_map(Lane& lane, const Argument& argument) {
  Tensor map;
  std::memcpy(&map, lane.memory(StateSpace::kGeneric, lane.address(argument), sizeof map),
              sizeof map);
  if (map.rank_1 > 4 || map.type >= std::size(kTypes) || map.interleave != 0 || map.swizzle > 4 ||
      map.atomicity > 3 || (map.atomicity != 0 && map.swizzle != 3))
    throw Fault(FaultKind::kUnsupported, "The interpreter does not know this kind of tensor map.");
  return map;
}

/// `[map, {coordinates}]`
Copy read_copy(Lane& lane, const Argument& tensor, const Argument& box) {
  Copy copy;
  copy.map = read_map(lane, tensor);
  copy.box = lane.address(box);
  if (tensor.elements.size() != 1 || tensor.elements[0].elements.size() > copy.start.size())
    throw Fault(FaultKind::kInvalid, "The coordinates of a tensor are missing.");
  const bool four_rows = lane.has("tile::gather4") || lane.has("tile::scatter4");
  if (tensor.elements[0].elements.size() != (four_rows ? 5 : copy.rank()))
    throw Fault(FaultKind::kIllegalInstruction, "The tensor has another number of dimensions.");
  for (std::size_t i = 0; i < tensor.elements[0].elements.size(); ++i)
    copy.start[i] = static_cast<std::int64_t>(
        to_integer(lane.bits(tensor.elements[0].elements[i], ScalarType::kS32), ScalarType::kS32));
  return copy;
}

/// The coordinates of the box's elements, in the order in which shared memory holds them.
using Visit = std::function<void(const Coordinates&)>;

void visit_tile(const Copy& copy, unsigned dimension, Coordinates at, const Visit& visit) {
  const unsigned step = dimension == 0 ? 1 : copy.map.step[dimension];
  for (unsigned i = 0; i < copy.map.box[dimension]; i += step) {
    at[dimension] = copy.start[dimension] + i;
    if (dimension == 0)
      visit(at);
    else
      visit_tile(copy, dimension - 1, at, visit);
  }
}

void visit_four_rows(const Copy& copy, const Visit& visit) {
  for (unsigned row = 1; row <= 4; ++row)
    for (unsigned i = 0; i < copy.map.box[0]; ++i) visit({copy.start[0] + i, copy.start[row]});
}

/// The next pixel of the bounding box; after the last one, the first one of the next image.
void advance(const Copy& copy, Coordinates& pixel) {
  const unsigned image = copy.rank() - 1;
  for (unsigned d = 1; d < image; ++d) {
    const std::int64_t end = static_cast<std::int64_t>(copy.map.extent[d]) + copy.map.upper[d - 1];
    pixel[d] += copy.map.step[d];
    if (pixel[d] < end) return;
    pixel[d] = copy.map.lower[d - 1];
  }
  ++pixel[image];
}

void visit_columns(const Copy& copy, const Visit& visit) {
  Coordinates pixel = copy.start;
  for (unsigned p = 0; p < copy.map.box[1]; ++p, advance(copy, pixel))
    for (unsigned channel = 0; channel < copy.map.box[0]; ++channel) {
      Coordinates at = pixel;
      at[0] += channel;
      for (std::size_t i = 0; i < copy.offsets.size(); ++i) at[1 + i] += copy.offsets[i];
      visit(at);
    }
}

void visit_pixel(const Copy& copy, Coordinates at, const Visit& visit) {
  for (unsigned channel = 0; channel < copy.map.box[0]; ++channel, ++at[0]) visit(at);
}

/// im2col::w: every pixel of the widths in a row, by its number.
Coordinates pixel_of_width(const Copy& copy, unsigned number) {
  const std::int64_t lower = copy.map.lower[0] + copy.shift;
  const std::int64_t upper =
      static_cast<std::int64_t>(copy.map.extent[1]) - 1 + copy.map.upper[0] + copy.shift;
  Coordinates pixel = copy.start;
  for (pixel[1] += copy.shift; number != 0; --number) {
    pixel[1] += copy.map.step[1];
    if (pixel[1] <= upper) continue;
    pixel[1] = lower;
    ++pixel[copy.rank() - 1];
  }
  return pixel;
}

/// So many pixels, then the halo: the pixels after them.
void visit_widths(const Copy& copy, unsigned first, unsigned pixels, const Visit& visit) {
  for (unsigned i = 0; i < pixels + copy.halo; ++i)
    visit_pixel(copy, pixel_of_width(copy, first + i), visit);
}

void visit_box(const Lane& lane, const Copy& copy, const Visit& visit) {
  if (lane.has("im2col::w")) return visit_widths(copy, 0, copy.map.box[1], visit);
  if (lane.has("im2col::w::128")) {
    for (unsigned first = 0; first < 128; first += 32) visit_widths(copy, first, 32, visit);
    return;
  }
  if (lane.has("tile::gather4") || lane.has("tile::scatter4")) return visit_four_rows(copy, visit);
  if (lane.has("im2col") || lane.has("im2col_no_offs")) return visit_columns(copy, visit);
  visit_tile(copy, copy.rank() - 1, copy.start, visit);
}

/// Addresses of elements are bits here, as some elements are smaller than bytes.
using BitAddress = std::uint64_t;

/// Nothing if it is outside.
std::optional<BitAddress> global_address(const Copy& copy, const Coordinates& at) {
  std::uint64_t row = copy.map.address;
  for (unsigned d = 0; d < copy.rank(); ++d) {
    if (at[d] < 0 || at[d] >= static_cast<std::int64_t>(copy.map.extent[d])) return std::nullopt;
    if (d != 0) row += static_cast<std::uint64_t>(at[d]) * copy.map.stride[d - 1];
  }
  return row * 8 + static_cast<std::uint64_t>(at[0]) * copy.type().bits;
}

/// Lines of 128 bytes have eight chunks of 16. Chunks are exchanged by the number of the line; with
/// an atomicity of 32 or 64 bytes two or four of them at once.
std::uint64_t swizzled(const Copy& copy, std::uint64_t plain) {
  constexpr std::uint64_t kLines[] = {1, 2, 4, 8, 2}, kTogether[] = {1, 2, 2, 4};
  const std::uint64_t together = kTogether[copy.map.atomicity];
  const std::uint64_t lines = std::min(kLines[copy.map.swizzle], 8 / together);
  const std::uint64_t chunk = plain / 16 % 8, line = plain / 128;
  const std::uint64_t flip = copy.map.atomicity == 2 && line % 2 == 1 ? 8 : 0;
  return line * 128 + (chunk ^ line % lines * together) * 16 + (plain % 16 ^ flip);
}

/// Where the box has its element of that number. 6 bits are side by side for loads, and the low
/// bits of bytes for stores.
BitAddress shared_address(const Lane& lane, const Copy& copy, std::uint64_t number) {
  const bool loads = !lane.has("bulk_group");
  const std::uint64_t bits = copy.type().bits == 6 && !loads ? 8 : copy.type().bits;
  const BitAddress within =
      copy.is_padded() ? number / 16 * copy.type().group_bits + number % 16 * bits : number * bits;
  return swizzled(copy, copy.box + within / 8) * 8 + within % 8;
}

/// Calls work(shared address, global address or nothing) for each element; returns the bytes
/// without padding.
template <class Work>
std::uint64_t for_each_element(const Lane& lane, const Copy& copy, Work work) {
  std::uint64_t number = 0;
  visit_box(lane, copy, [&](const Coordinates& at) {
    work(shared_address(lane, copy, number), global_address(copy, at));
    ++number;
  });
  return number * copy.type().bits / 8;
}

/// Packed elements may lie in two bytes.
Bits load_element(Lane& lane, const Copy& copy, StateSpace space, BitAddress at) {
  const unsigned bits = copy.type().bits;
  if (bits >= 8) return lane.load(space, at / 8, bits / 8);
  Bits value = lane.load(space, at / 8, 1);
  if (at % 8 + bits > 8) value = value | lane.load(space, at / 8 + 1, 1) << 8;
  return low_bits(value >> static_cast<unsigned>(at % 8), bits);
}

void store_element(Lane& lane, const Copy& copy, StateSpace space, BitAddress at, Bits value) {
  const unsigned bits = copy.type().bits;
  if (bits >= 8) return lane.store(space, at / 8, bits / 8, value);
  for (unsigned i = 0; i < bits; ++i, ++at) {
    const Bits others = lane.load(space, at / 8, 1) & ~(Bits{1} << static_cast<unsigned>(at % 8));
    const Bits one = (value >> i & 1) << static_cast<unsigned>(at % 8);
    lane.store(space, at / 8, 1, others | one);
  }
}

/// The out-of-bounds NaN is 16 bits, as often as they fit.
Bits outside(const Copy& copy) {
  return copy.map.fill != 0 ? low_bits(Bits{0x7ff77ff77ff77ff7}, copy.type().bits) : 0;
}

/// Subnormal numbers of `.ftz` are zeros; tf32 has 13 bits of mantissa less than f32.
Bits converted(const Copy& copy, Bits value) {
  const std::string_view name = copy.type().name;
  if (name.ends_with(".ftz") && (value & 0x7f800000) == 0) value = value & 0x80000000;
  if (!name.starts_with("tf32")) return value;
  const Real number = decode(value, format_named("f32"));
  if (number.is_nan()) return Bits{0x7fffe000};
  return encode(number, format_named("tf32"));
}

/// What the manual forbids (section 9.7.9.25.5.1, "Restrictions on Tensor Copy").
void check_restrictions(const Lane& lane, const Copy& copy) {
  const bool loads = !lane.has("bulk_group");
  const bool wide = lane.has("im2col::w") || lane.has("im2col::w::128");
  const bool flips = copy.map.atomicity == 2;
  const unsigned columns = lane.has("im2col::w")                              ? 2
                           : lane.has("im2col::w::128")                       ? 3
                           : lane.has("im2col") || lane.has("im2col_no_offs") ? 1
                                                                              : 0;
  const bool fails =
      copy.map.columns != columns ||
      (copy.is_padded() && (copy.start[0] % 128 != 0 || copy.map.box[0] != 128 || flips)) ||
      (copy.type().bits < 8 && copy.map.fill != 0) || (copy.type().name == "b4x16_p64" && !loads) ||
      (flips && !loads) || (wide && (copy.map.swizzle == 0 || flips)) ||
      copy.halo >= (lane.has("im2col::w::128") ? 32 : 512) || copy.shift >= 32;
  if (fails)
    throw Fault(FaultKind::kIllegalInstruction, "A tensor is copied in a way that is not legal.");
}

void load(Lane& lane) {
  Copy copy = read_copy(lane, lane.argument(1), lane.argument(0));
  const auto offset = [&](std::size_t i) {
    return static_cast<std::int64_t>(lane.bits(lane.argument(3).elements.at(i), ScalarType::kU16));
  };
  if (lane.has("im2col"))
    for (std::size_t i = 0; i < lane.argument(3).elements.size(); ++i)
      copy.offsets.push_back(offset(i));
  if (lane.has("im2col::w") || lane.has("im2col::w::128")) {
    copy.halo = static_cast<unsigned>(offset(0));
    copy.shift = offset(1);
  }
  check_restrictions(lane, copy);
  const std::uint64_t bytes =
      for_each_element(lane, copy, [&](BitAddress to, std::optional<BitAddress> from) {
        const Bits value =
            from ? converted(copy, load_element(lane, copy, StateSpace::kGlobal, *from))
                 : outside(copy);
        store_element(lane, copy, StateSpace::kShared, to, value);
      });
  complete_transactions(lane, lane.address(2), bytes);
}

void store(Lane& lane) {
  const Copy copy = read_copy(lane, lane.argument(0), lane.argument(1));
  check_restrictions(lane, copy);
  for_each_element(lane, copy, [&](BitAddress from, std::optional<BitAddress> to) {
    if (!to) return;
    store_element(lane, copy, StateSpace::kGlobal, *to,
                  load_element(lane, copy, StateSpace::kShared, from));
  });
}

void reduce(Lane& lane) {
  const Copy copy = read_copy(lane, lane.argument(0), lane.argument(1));
  check_restrictions(lane, copy);
  if (copy.type().bits < 8)
    throw Fault(FaultKind::kIllegalInstruction, "Packed elements are not reduced.");
  const std::string_view operation =
      lane.which({"add", "min", "max", "inc", "dec", "and", "or", "xor"});
  for_each_element(lane, copy, [&](BitAddress from, std::optional<BitAddress> to) {
    if (!to) return;
    const Bits old = load_element(lane, copy, StateSpace::kGlobal, *to);
    const Bits operand = load_element(lane, copy, StateSpace::kShared, from);
    store_element(lane, copy, StateSpace::kGlobal, *to,
                  reduced(operation, old, operand, copy.type().scalar));
  });
}

void nothing(Lane&) {}

// --- Changes of maps

void replace(Lane& lane) {
  const bool is_array = lane.has_operand(2);
  const std::size_t index = is_array ? lane.u32(1) : 0;
  const auto value = static_cast<std::uint64_t>(lane.bits(is_array ? 2 : 1));
  std::byte* place = lane.memory(lane.space(), lane.address(0), sizeof(Tensor));
  Tensor map;
  std::memcpy(&map, place, sizeof map);
  const auto byte = static_cast<std::uint8_t>(value);
  if (index > (lane.has("global_stride") ? 3u : 4u))
    throw Fault(FaultKind::kInvalid, "A tensor has no such dimension.");
  if (lane.has("global_address")) map.address = value;
  if (lane.has("rank")) map.rank_1 = byte;
  if (lane.has("box_dim")) map.box[index] = static_cast<std::uint16_t>(value);
  if (lane.has("global_dim")) map.extent[index] = value;
  if (lane.has("global_stride")) map.stride[index] = value;
  if (lane.has("element_stride")) map.step[index] = byte;
  if (lane.has("elemtype")) map.type = byte;
  if (lane.has("interleave_layout")) map.interleave = byte;
  if (lane.has("swizzle_mode")) map.swizzle = byte;
  if (lane.has("swizzle_atomicity")) map.atomicity = byte;
  if (lane.has("fill_mode")) map.fill = byte;
  std::memcpy(place, &map, sizeof map);
}

void copy_map(Group& group) {
  Lane& lane = group.lanes.front();
  std::memmove(lane.memory(StateSpace::kGlobal, lane.address(0), sizeof(Tensor)),
               lane.memory(StateSpace::kShared, lane.address(1), sizeof(Tensor)), sizeof(Tensor));
}

#define CUDA_SHIM_DIMENSIONS ".1d|2d|3d|4d|5d"
#define CUDA_SHIM_LOAD "cp.async.bulk.tensor" CUDA_SHIM_DIMENSIONS ".shared::cta|shared::cluster"
#define CUDA_SHIM_LOAD_TAIL                                                                    \
  ".mbarrier::complete_tx::bytes{.multicast::cluster}{.cta_group::1|cta_group::2}{.L2::cache_" \
  "hint}"
#define CUDA_SHIM_SPACE "{.global|shared::cta}.b1024"

constexpr Row kRows[] = {
    {CUDA_SHIM_LOAD
     ".global{.tile|tile::gather4|im2col|im2col::w|im2col::w::128}" CUDA_SHIM_LOAD_TAIL,
     load},
    {"cp.async.bulk.tensor" CUDA_SHIM_DIMENSIONS
     ".global.shared::cta{.tile|tile::scatter4|im2col_no_offs}.bulk_group{.L2::cache_hint}",
     store},
    {"cp.async.bulk.prefetch.tensor" CUDA_SHIM_DIMENSIONS
     ".L2.global{.tile|tile::gather4|im2col|im2col::w|im2col::w::128}{.L2::cache_hint}",
     nothing},
    {"cp.reduce.async.bulk.tensor" CUDA_SHIM_DIMENSIONS
     ".global.shared::cta.add|min|max|inc|dec|and|or|xor{.tile|im2col_no_offs}.bulk_group"
     "{.L2::cache_hint}",
     reduce},
    {"tensormap.replace.tile.global_address|rank|box_dim|global_dim|global_stride|element_stride|"
     "elemtype|interleave_layout|swizzle_mode|swizzle_atomicity|fill_mode" CUDA_SHIM_SPACE
     ".b32|b64",
     replace},
    collective("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.<scope>.sync."
               "aligned",
               copy_map, kWholeWarp),
    {"prefetch{.const|param}.tensormap", nothing},
};

}  // namespace

std::vector<std::byte> encode(const TensorMap& map, std::uint64_t address) {
  Tensor tensor = {};
  tensor.address = address;
  std::ranges::copy(map.strides, tensor.stride);
  std::ranges::copy(map.extents, tensor.extent);
  std::ranges::copy(map.box, tensor.box);
  std::ranges::copy(map.steps, tensor.step);
  for (std::uint8_t i = 0; i < std::size(kTypes); ++i)
    if (kTypes[i].name == map.type) tensor.type = i;
  tensor.rank_1 = static_cast<std::uint8_t>(map.extents.size() - 1);
  while (16u << tensor.swizzle <= map.swizzle / 2) ++tensor.swizzle;
  tensor.atomicity = static_cast<std::uint8_t>(map.flip         ? 2
                                               : map.atom == 64 ? 3
                                               : map.atom == 32 ? 1
                                                                : 0);
  tensor.fill = map.nan;
  if (map.is_im2col()) {
    tensor.columns = static_cast<std::uint8_t>(map.wide ? 2 : map.wide_128 ? 3 : 1);
    tensor.box[0] = static_cast<std::uint16_t>(map.channels);
    tensor.box[1] = static_cast<std::uint16_t>(map.pixels);
    std::ranges::copy(map.lower, tensor.lower);
    std::ranges::copy(map.upper, tensor.upper);
  }
  std::vector<std::byte> bytes(sizeof tensor);
  std::memcpy(bytes.data(), &tensor, sizeof tensor);
  return bytes;
}

Rows tensor_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
