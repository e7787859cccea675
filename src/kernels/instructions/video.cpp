// SIMD video instructions (PTX ISA 9.0, section 9.7.19), two- and four-way; the scalar ones are in
// video_scalar.cpp.
//
// Lanes come from the eight bytes (four halves) of {b, a} by the operands' selectors, are extended
// to 32 bits as their type says, combined, and then either merged over c lane by lane or added to
// it; the destination's selector says which lanes count.

#include "kernels/instructions/video.h"

#include <llvm/IR/Intrinsics.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::CmpInst;
using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

/// How a register is cut into lanes.
struct Lanes {
  unsigned count;  ///< 2 or 4
  unsigned bits() const { return 32 / count; }
  std::string_view default_a() const { return count == 4 ? "b3210" : "h10"; }
  std::string_view default_b() const { return count == 4 ? "b7654" : "h32"; }
};

Lanes lanes_of(const Lowering& l) {
  return {l.instruction().opcode.ends_with('4') ? 4u : 2u};
}

std::string_view selector(const Lowering& l, unsigned index, std::string_view fallback) {
  const ptx::Name* name = l.instruction().operands[index].name();
  return name == nullptr || name->selector.empty() ? fallback : name->selector;
}

/// A selector names the lanes from the top down after its letter; it must name each, from `sources`
/// ones.
bool selects(std::string_view selector, const Lanes& lanes, unsigned sources) {
  if (selector.size() != lanes.count + 1) return false;
  return std::ranges::all_of(
      selector.substr(1), [&](char c) { return c >= '0' && c < static_cast<char>('0' + sources); });
}

/// Lane `number` of the pair {b, a}, extended to 32 bits.
Value* pick(Builder& ir, Value* pair, const Lanes& lanes, unsigned number, bool sign) {
  Value* piece =
      ir.CreateTrunc(ir.CreateLShr(pair, number * lanes.bits()), ir.getIntNTy(lanes.bits()));
  return sign ? ir.CreateSExt(piece, ir.getInt32Ty()) : ir.CreateZExt(piece, ir.getInt32Ty());
}

// --- Operations on two extended lanes

using LaneOp = Value* (*)(Builder & ir, Value* a, Value* b);

Value* add(Builder& ir, Value* a, Value* b) {
  return ir.CreateAdd(a, b);
}
Value* subtract(Builder& ir, Value* a, Value* b) {
  return ir.CreateSub(a, b);
}
Value* least(Builder& ir, Value* a, Value* b) {
  return minimum(ir, a, b, true);
}
Value* greatest(Builder& ir, Value* a, Value* b) {
  return maximum(ir, a, b, true);
}

Value* average(Builder& ir, Value* a,
               Value* b) {  // rounds half up where the sum is not negative, else down
  Value* sum = ir.CreateAdd(a, b);
  Value* carry = ir.CreateZExt(ir.CreateICmpSGE(sum, ir.getInt32(0)), ir.getInt32Ty());
  return ir.CreateAShr(ir.CreateAdd(sum, carry), 1);
}

Value* distance(Builder& ir, Value* a, Value* b) {
  return ir.CreateBinaryIntrinsic(llvm::Intrinsic::abs, ir.CreateSub(a, b), ir.getFalse());
}

/// Clamps to the lane's range (.sat).
Value* clamp_lane(Builder& ir, Value* value, const Lanes& lanes, bool sign) {
  const std::uint64_t top = 1ull << (lanes.bits() - 1);
  Value* low = integer_like(value, sign ? ~0ull - top + 1 : 0);
  Value* high = integer_like(value, sign ? top - 1 : 2 * top - 1);
  return minimum(ir, maximum(ir, value, low, true), high, true);
}

// --- The frame around them

/// Merges the lanes over c, or adds them to it, as the destination's selector and .add say.
Value* combine(Lowering& l, const Lanes& lanes, llvm::ArrayRef<Value*> results) {
  Builder& ir = l.ir();
  const std::string_view mask = selector(l, 0, lanes.default_a());
  Value* result = l.value(3, ScalarType::kB32);
  const std::uint32_t lane_mask = (1u << lanes.bits()) - 1;
  for (unsigned i = 0; i < lanes.count; ++i) {
    if (mask.find(static_cast<char>('0' + i), 1) == std::string_view::npos) continue;
    if (l.has("add")) {
      result = ir.CreateAdd(result, results[i]);
      continue;
    }
    const unsigned shift = i * lanes.bits();
    Value* piece = ir.CreateShl(ir.CreateAnd(results[i], lane_mask), shift);
    result = ir.CreateOr(ir.CreateAnd(result, ir.getInt32(~(lane_mask << shift))), piece);
  }
  return result;
}

/// Applies `op` to each pair of lanes; `atype` and `btype` are the numbers of the source types
/// among the modifiers.
Status lower_lanes(Lowering& l, unsigned atype, unsigned btype,
                   llvm::function_ref<Value*(Value*, Value*)> op) {
  Builder& ir = l.ir();
  const Lanes lanes = lanes_of(l);
  const std::string_view a_lanes = selector(l, 1, lanes.default_a());
  const std::string_view b_lanes = selector(l, 2, lanes.default_b());
  if (!selects(a_lanes, lanes, 2 * lanes.count) || !selects(b_lanes, lanes, 2 * lanes.count))
    return l.not_supported("a selector does not name a source for every lane.");
  Value* low = ir.CreateZExt(l.value(1, ScalarType::kB32), ir.getInt64Ty());
  Value* high = ir.CreateZExt(l.value(2, ScalarType::kB32), ir.getInt64Ty());
  Value* pair = ir.CreateOr(ir.CreateShl(high, 32), low);
  llvm::SmallVector<Value*, 4> results;
  for (unsigned i = 0; i < lanes.count; ++i) {
    const auto number = [&](std::string_view text) {
      return static_cast<unsigned>(text[lanes.count - i] - '0');
    };
    Value* a = pick(ir, pair, lanes, number(a_lanes), is_signed(l.type(atype)));
    results.push_back(op(a, pick(ir, pair, lanes, number(b_lanes), is_signed(l.type(btype)))));
  }
  l.set(0, combine(l, lanes, results), ScalarType::kB32);
  return {};
}

Status lower_arithmetic(Lowering& l, LaneOp op) {
  Builder& ir = l.ir();
  return lower_lanes(l, 1, 2, [&](Value* a, Value* b) {
    Value* result = op(ir, a, b);
    return l.has("sat") ? clamp_lane(ir, result, lanes_of(l), is_signed(l.type(0))) : result;
  });
}

Status lower_vadd(Lowering& l) {
  return lower_arithmetic(l, add);
}
Status lower_vsub(Lowering& l) {
  return lower_arithmetic(l, subtract);
}
Status lower_vavrg(Lowering& l) {
  return lower_arithmetic(l, average);
}
Status lower_vabsdiff(Lowering& l) {
  return lower_arithmetic(l, distance);
}
Status lower_vmin(Lowering& l) {
  return lower_arithmetic(l, least);
}
Status lower_vmax(Lowering& l) {
  return lower_arithmetic(l, greatest);
}

Status lower_vset(Lowering& l) {
  // Lanes of either signedness are 32-bit numbers by now, so that one signed comparison serves all.
  Builder& ir = l.ir();
  const auto comparison = video_comparison(l);
  if (!comparison) return l.not_supported("it names no comparison.");
  return lower_lanes(l, 0, 1, [&](Value* a, Value* b) {
    return ir.CreateZExt(ir.CreateICmp(*comparison, a, b), ir.getInt32Ty());
  });
}

#define TYPES "; .dtype = .u32 .s32; .atype = .u32 .s32; .btype = .u32 .s32"
#define SIMD_ROWS(opcode, lower)                                      \
  {opcode "2.dtype.atype.btype{.sat} d, a, b, c" TYPES, lower},       \
      {opcode "2.dtype.atype.btype.add d, a, b, c" TYPES, lower},     \
      {opcode "4.dtype.atype.btype{.sat} d, a, b, c" TYPES, lower}, { \
    opcode "4.dtype.atype.btype.add d, a, b, c" TYPES, lower          \
  }

constexpr Row kRows[] = {
    SIMD_ROWS("vadd", lower_vadd),
    SIMD_ROWS("vsub", lower_vsub),
    SIMD_ROWS("vavrg", lower_vavrg),
    SIMD_ROWS("vabsdiff", lower_vabsdiff),
    SIMD_ROWS("vmin", lower_vmin),
    SIMD_ROWS("vmax", lower_vmax),
    {"vset2.atype.btype.cmp{.add} d, a, b, c; .atype = .u32 .s32; .btype = .u32 .s32; .cmp = .eq "
     ".ne .lt .le .gt .ge",
     lower_vset},
    {"vset4.atype.btype.cmp{.add} d, a, b, c; .atype = .u32 .s32; .btype = .u32 .s32; .cmp = .eq "
     ".ne .lt .le .gt .ge",
     lower_vset},
};

struct ComparisonWord {
  std::string_view word;
  CmpInst::Predicate predicate;
};

constexpr ComparisonWord kComparisons[] = {
    {"eq", CmpInst::ICMP_EQ},  {"ne", CmpInst::ICMP_NE},  {"lt", CmpInst::ICMP_SLT},
    {"le", CmpInst::ICMP_SLE}, {"gt", CmpInst::ICMP_SGT}, {"ge", CmpInst::ICMP_SGE},
};

}  // namespace

std::optional<CmpInst::Predicate> video_comparison(const Lowering& l) {
  const auto* row =
      std::ranges::find_if(kComparisons, [&](const ComparisonWord& c) { return l.has(c.word); });
  if (row == std::end(kComparisons)) return std::nullopt;
  return row->predicate;
}

std::span<const Row> video_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
