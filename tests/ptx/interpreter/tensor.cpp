// cp.async.bulk.tensor, cp.reduce.async.bulk.tensor and tensormap (PTX ISA 9.0, sections 5.5,
// 9.7.9.25.5 and 9.7.9.26), element by element: where in shared memory an element of the box lies,
// and where in the tensor, if anywhere.

#include "ptx/interpreter/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {

namespace {

struct Type {
  std::string_view name;
  ScalarType scalar;
};
constexpr Type kTypes[] = {
    {"u8", ScalarType::kU8},       {"u16", ScalarType::kU16},   {"u32", ScalarType::kU32},
    {"s32", ScalarType::kS32},     {"u64", ScalarType::kU64},   {"s64", ScalarType::kS64},
    {"f16", ScalarType::kF16},     {"f32", ScalarType::kF32},   {"f32.ftz", ScalarType::kF32},
    {"f64", ScalarType::kF64},     {"bf16", ScalarType::kBf16}, {"tf32", ScalarType::kB32},
    {"tf32.ftz", ScalarType::kB32}};

using Coordinates = std::array<std::int64_t, 5>;

/// One copy: the map, the box in shared memory, and where it is in the tensor.
struct Copy {
  Tensor map = {};
  std::uint64_t box = 0;
  Coordinates start = {};
  std::vector<std::int64_t> offsets;  ///< im2col

  unsigned rank() const { return map.rank_1 + 1u; }
  ScalarType type() const { return kTypes[map.type].scalar; }
  unsigned bytes() const { return kernels::ptx::bytes_of(type()); }
};

Tensor read_map(Lane& lane, const Argument& argument) {
  Tensor map;
  std::memcpy(&map, lane.memory(StateSpace::kGeneric, lane.address(argument), sizeof map),
              sizeof map);
  if (map.rank_1 > 4 || map.type >= std::size(kTypes) || map.interleave != 0 || map.swizzle > 3 ||
      map.atomicity != 0)
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

void visit_box(const Lane& lane, const Copy& copy, const Visit& visit) {
  if (lane.has("tile::gather4") || lane.has("tile::scatter4")) return visit_four_rows(copy, visit);
  if (lane.has("im2col") || lane.has("im2col_no_offs")) return visit_columns(copy, visit);
  visit_tile(copy, copy.rank() - 1, copy.start, visit);
}

/// Nothing if it is outside.
std::optional<std::uint64_t> global_address(const Copy& copy, const Coordinates& at) {
  std::uint64_t address = copy.map.address + static_cast<std::uint64_t>(at[0]) * copy.bytes();
  for (unsigned d = 0; d < copy.rank(); ++d) {
    if (at[d] < 0 || at[d] >= static_cast<std::int64_t>(copy.map.extent[d])) return std::nullopt;
    if (d != 0) address += static_cast<std::uint64_t>(at[d]) * copy.map.stride[d - 1];
  }
  return address;
}

/// Lines of 128 bytes have eight chunks of 16. Two, four or eight lines after one another have
/// their chunks exchanged, each by its number.
std::uint64_t shared_address(const Copy& copy, std::uint64_t plain) {
  const std::uint64_t lines = std::uint64_t{1} << copy.map.swizzle;
  const std::uint64_t chunk = plain / 16 % 8, line = plain / 128 % lines;
  return plain / 128 * 128 + (chunk ^ line) * 16 + plain % 16;
}

/// Calls work(shared address, global address or nothing) for each element; returns the bytes.
template <class Work>
std::uint64_t for_each_element(const Lane& lane, const Copy& copy, Work work) {
  std::uint64_t done = 0;
  visit_box(lane, copy, [&](const Coordinates& at) {
    work(shared_address(copy, copy.box + done), global_address(copy, at));
    done += copy.bytes();
  });
  return done;
}

Bits outside(const Copy& copy) {
  return copy.map.fill != 0 ? low_bits(~Bits{0}, 8 * copy.bytes()) : 0;
}

Bits flushed(const Copy& copy, Bits value) {
  const bool flushes = kTypes[copy.map.type].name.ends_with(".ftz");
  return flushes && (value & 0x7f800000) == 0 ? value & 0x80000000 : value;
}

void load(Lane& lane) {
  Copy copy = read_copy(lane, lane.argument(1), lane.argument(0));
  if (lane.has("im2col"))
    for (const Argument& offset : lane.argument(3).elements)
      copy.offsets.push_back(static_cast<std::int64_t>(lane.bits(offset, ScalarType::kU16)));
  const std::uint64_t bytes =
      for_each_element(lane, copy, [&](std::uint64_t to, std::optional<std::uint64_t> from) {
        const Bits value =
            from ? lane.load(StateSpace::kGlobal, *from, copy.bytes()) : outside(copy);
        lane.store(StateSpace::kShared, to, copy.bytes(), flushed(copy, value));
      });
  complete_transactions(lane, lane.address(2), bytes);
}

void store(Lane& lane) {
  const Copy copy = read_copy(lane, lane.argument(0), lane.argument(1));
  for_each_element(lane, copy, [&](std::uint64_t from, std::optional<std::uint64_t> to) {
    if (!to) return;
    lane.store(StateSpace::kGlobal, *to, copy.bytes(),
               lane.load(StateSpace::kShared, from, copy.bytes()));
  });
}

void reduce(Lane& lane) {
  const Copy copy = read_copy(lane, lane.argument(0), lane.argument(1));
  const std::string_view operation =
      lane.which({"add", "min", "max", "inc", "dec", "and", "or", "xor"});
  for_each_element(lane, copy, [&](std::uint64_t from, std::optional<std::uint64_t> to) {
    if (!to) return;
    const Bits old = lane.load(StateSpace::kGlobal, *to, copy.bytes());
    const Bits operand = lane.load(StateSpace::kShared, from, copy.bytes());
    lane.store(StateSpace::kGlobal, *to, copy.bytes(),
               reduced(operation, old, operand, copy.type()));
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
    {CUDA_SHIM_LOAD ".global{.tile|tile::gather4|im2col}" CUDA_SHIM_LOAD_TAIL, load},
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
  tensor.fill = map.nan;
  if (map.is_im2col()) {
    tensor.columns = 1;
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
