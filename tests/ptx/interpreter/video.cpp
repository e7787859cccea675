// Video instructions, scalar and SIMD (PTX ISA 9.0, sections 9.7.17 and 9.7.18).

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

// --- What all of them calculate

Integer operate(std::string_view opcode, Integer a, Integer b) {
  // vadd, vadd2, vadd4: the digit only says how many there are.
  if (opcode.ends_with('2') || opcode.ends_with('4')) opcode.remove_suffix(1);
  const Integer sum = a + b, difference = a - b;
  if (opcode == "vadd") return sum;
  if (opcode == "vsub") return difference;
  if (opcode == "vabsdiff") return difference < 0 ? -difference : difference;
  if (opcode == "vmin") return std::min(a, b);
  if (opcode == "vmax") return std::max(a, b);
  return sum >= 0 ? (sum + 1) >> 1 : sum >> 1;  // vavrg
}

bool compare(const Lane& lane, Integer a, Integer b) {
  const auto how = lane.which({"eq", "ne", "lt", "le", "gt", "ge"});
  if (how == "eq") return a == b;
  if (how == "ne") return a != b;
  if (how == "lt") return a < b;
  if (how == "le") return a <= b;
  return how == "gt" ? a > b : a >= b;
}

Integer clamp_to(Integer value, unsigned width, bool with_sign) {
  const Integer top = Integer{1} << (with_sign ? width - 1 : width);
  return std::clamp(value, with_sign ? -top : Integer{0}, top - 1);
}

// --- Scalar: a byte (b0 ... b3), a half-word (h0, h1) or the whole of each operand

struct Part {
  unsigned shift = 0, width = 32;
};

Part part_of(const Argument& argument) {
  const std::string_view selector = argument.selector;
  if (selector.empty()) return {};
  const unsigned width = selector[0] == 'b' ? 8 : 16;
  return {static_cast<unsigned>(selector[1] - '0') * width, width};
}

Integer selected(const Lane& lane, unsigned operand, ScalarType type) {
  const Part part = part_of(lane.argument(operand));
  return to_integer(lane.u32(operand) >> part.shift, part.width, is_signed(type));
}

/// Saturation to the destination's part, the secondary operation with c, or the merge into c.
void finish_scalar(Lane& lane, Integer value, bool with_sign) {
  const Part part = part_of(lane.argument(0));
  if (lane.has("sat")) value = clamp_to(value, part.width, with_sign);
  const unsigned last = static_cast<unsigned>(lane.operands()) - 1;
  const auto c = [&] { return to_integer(lane.u32(last), 32, with_sign); };
  if (lane.has("add")) value += c();
  // What was not saturated goes on as a signed number of 33 bits.
  if (lane.has("min") || lane.has("max"))
    value = to_integer(low_bits(to_bits(value), 33), 33, true);
  if (lane.has("min")) value = std::min(value, c());
  if (lane.has("max")) value = std::max(value, c());
  if (part.width == 32) return lane.set(0, low_bits(to_bits(value), 32));
  const Bits hole = ((Bits{1} << part.width) - 1) << part.shift;
  lane.set(0, (lane.u32(last) & ~hole) | low_bits(to_bits(value), part.width) << part.shift);
}

void scalar(Lane& lane) {
  const Integer a = selected(lane, 1, lane.type(1)), b = selected(lane, 2, lane.type(2));
  finish_scalar(lane, operate(lane.step->source->opcode, a, b), is_signed(lane.type(0)));
}

void shift(Lane& lane) {
  const Integer a = selected(lane, 1, lane.type(1)), b = selected(lane, 2, ScalarType::kU32);
  const int amount = static_cast<int>(lane.has("clamp") ? std::min(b, Integer{32}) : b & 31);
  const bool left = lane.step->source->opcode == "vshl";
  finish_scalar(lane, left ? a << amount : a >> amount, is_signed(lane.type(0)));
}

void set(Lane& lane) {
  const Integer a = selected(lane, 1, lane.type(0)), b = selected(lane, 2, lane.type(1));
  finish_scalar(lane, compare(lane, a, b) ? 1 : 0, false);
}

void vmad(Lane& lane) {
  const bool negate_product = lane.argument(1).minus != lane.argument(2).minus;
  const bool negate_c = lane.argument(3).minus;
  const bool signed_product = is_signed(lane.type(1)) || is_signed(lane.type(2)) || negate_product;
  const bool with_sign = signed_product || negate_c;
  Integer product = selected(lane, 1, lane.type(1)) * selected(lane, 2, lane.type(2));
  if (negate_product) product = -product;
  // c has the sign of the intermediate result.
  Integer c = to_integer(lane.u32(3), 32, negate_c ? with_sign : signed_product);
  if (negate_c) c = -c;
  Integer value = product + c + (lane.has("po") ? 1 : 0);
  value >>= lane.has("shr7") ? 7 : lane.has("shr15") ? 15 : 0;
  if (lane.has("sat")) value = clamp_to(value, 32, with_sign);
  lane.set(0, low_bits(to_bits(value), 32));
}

// --- SIMD: two half-words or four bytes

struct Shape {
  unsigned count, width;
};

Shape shape_of(const Lane& lane) {
  return lane.step->source->opcode.ends_with('2') ? Shape{2, 16} : Shape{4, 8};
}

/// Element i of an operand: its selector's digits, the highest element first, number the elements
/// of a and b together; without one they are the operand's own.
Integer element(const Lane& lane, unsigned operand, unsigned i, const Shape& shape,
                ScalarType type) {
  const std::string_view selector = lane.argument(operand).selector;
  unsigned source = (operand - 1) * shape.count + i;
  if (!selector.empty()) source = static_cast<unsigned>(selector[shape.count - i] - '0');
  const std::uint64_t both = std::uint64_t{lane.u32(2)} << 32 | lane.u32(1);
  return to_integer(both >> (source * shape.width), shape.width, is_signed(type));
}

bool is_masked(const Lane& lane, unsigned i) {
  const std::string_view mask = lane.argument(0).selector;
  return mask.empty() || mask.find(static_cast<char>('0' + i)) != std::string_view::npos;
}

/// `at(i)` is element i of the result: added to c, or in place of c's.
template <class At>
void finish_simd(Lane& lane, const Shape& shape, At at) {
  const std::uint32_t c = lane.u32(3);
  Integer sum = c;
  Bits merged = 0;
  for (unsigned i = 0; i < shape.count; ++i) {
    const Integer value = at(i);
    if (is_masked(lane, i)) sum += value;
    const Bits kept = c >> (i * shape.width);
    merged |= low_bits(is_masked(lane, i) ? to_bits(value) : kept, shape.width)
              << (i * shape.width);
  }
  lane.set(0, lane.has("add") ? low_bits(to_bits(sum), 32) : merged);
}

void simd(Lane& lane) {
  const Shape shape = shape_of(lane);
  finish_simd(lane, shape, [&](unsigned i) {
    const Integer value =
        operate(lane.step->source->opcode, element(lane, 1, i, shape, lane.type(1)),
                element(lane, 2, i, shape, lane.type(2)));
    return lane.has("sat") ? clamp_to(value, shape.width, is_signed(lane.type(0))) : value;
  });
}

void simd_set(Lane& lane) {
  const Shape shape = shape_of(lane);
  finish_simd(lane, shape, [&](unsigned i) {
    return Integer{compare(lane, element(lane, 1, i, shape, lane.type(0)),
                           element(lane, 2, i, shape, lane.type(1)))};
  });
}

#define CUDA_SHIM_SCALAR(opcode) {opcode ".u32|s32.u32|s32.u32|s32{.sat}{.add|min|max}", scalar}
#define CUDA_SHIM_SHIFT(opcode) \
  {opcode ".u32|s32.u32|s32.u32{.sat}.clamp|wrap{.add|min|max}", shift}
#define CUDA_SHIM_SIMD(opcode)                            \
  {opcode "2.u32|s32.u32|s32.u32|s32{.sat|add}", simd}, { \
    opcode "4.u32|s32.u32|s32.u32|s32{.sat|add}", simd    \
  }
#define CUDA_SHIM_COMPARISON ".u32|s32.u32|s32.eq|ne|lt|le|gt|ge"

constexpr Row kRows[] = {
    CUDA_SHIM_SCALAR("vadd"),
    CUDA_SHIM_SCALAR("vsub"),
    CUDA_SHIM_SCALAR("vabsdiff"),
    CUDA_SHIM_SCALAR("vmin"),
    CUDA_SHIM_SCALAR("vmax"),
    CUDA_SHIM_SHIFT("vshl"),
    CUDA_SHIM_SHIFT("vshr"),
    {"vmad.u32|s32.u32|s32.u32|s32{.po}{.sat}{.shr7|shr15}", vmad},
    {"vset" CUDA_SHIM_COMPARISON "{.add|min|max}", set},
    CUDA_SHIM_SIMD("vadd"),
    CUDA_SHIM_SIMD("vsub"),
    CUDA_SHIM_SIMD("vavrg"),
    CUDA_SHIM_SIMD("vabsdiff"),
    CUDA_SHIM_SIMD("vmin"),
    CUDA_SHIM_SIMD("vmax"),
    {"vset2" CUDA_SHIM_COMPARISON "{.add}", simd_set},
    {"vset4" CUDA_SHIM_COMPARISON "{.add}", simd_set},
};

}  // namespace

Rows video_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
