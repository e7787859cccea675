// prmt (PTX ISA 9.7.9): picks bytes out of a register pair. It stands by itself because it is
// arithmetic on values, unlike the other data movement instructions.
//
// Selectors pick one of the eight bytes b7..b0 of {b, a}; bit 3 of a default-mode selector repeats
// the byte's sign bit instead. The named modes choose four bytes by the two low bits of c, by a
// table from the manual.

#include <llvm/IR/Intrinsics.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

/// Selectors of the named modes: one hexadecimal digit a byte, by c & 3.
struct ModeRow {
  std::string_view mode;
  std::array<std::uint32_t, 4> selectors;
};

constexpr ModeRow kModes[] = {
    {"f4e", {0x3210, 0x4321, 0x5432, 0x6543}}, {"b4e", {0x5670, 0x6701, 0x7012, 0x0123}},
    {"rc8", {0x0000, 0x1111, 0x2222, 0x3333}}, {"ecl", {0x3210, 0x3211, 0x3222, 0x3333}},
    {"ecr", {0x0000, 0x1110, 0x2210, 0x3210}}, {"rc16", {0x1010, 0x3232, 0x1010, 0x3232}},
};

Value* named_selectors(Builder& ir, const ModeRow& row, Value* control) {
  Value* index = ir.CreateAnd(control, 3);
  Value* selectors = ir.getInt32(row.selectors[0]);
  for (unsigned i = 1; i < 4; ++i)
    selectors = ir.CreateSelect(ir.CreateICmpEQ(index, ir.getInt32(i)),
                                ir.getInt32(row.selectors[i]), selectors);
  return selectors;
}

Value* selectors_of(Lowering& l) {
  Value* control = l.value(3, ScalarType::kB32);
  for (const ModeRow& row : kModes)
    if (l.has(row.mode)) return named_selectors(l.ir(), row, control);
  return control;
}

/// Byte number `selector & 7` of the pair; its sign bit eight times where `selector & 8`.
Value* pick_byte(Builder& ir, Value* pair, Value* selector) {
  Value* wide = ir.CreateZExt(ir.CreateAnd(selector, 7), ir.getInt64Ty());
  Value* byte = ir.CreateTrunc(ir.CreateLShr(pair, ir.CreateShl(wide, 3)), ir.getInt8Ty());
  Value* repeat = ir.CreateICmpNE(ir.CreateAnd(selector, 8), ir.getInt32(0));
  return ir.CreateSelect(repeat, ir.CreateAShr(byte, 7), byte);
}

Status lower_prmt(Lowering& l) {
  Builder& ir = l.ir();
  Value* low = ir.CreateZExt(l.value(1, ScalarType::kB32), ir.getInt64Ty());
  Value* high = ir.CreateZExt(l.value(2, ScalarType::kB32), ir.getInt64Ty());
  Value* pair = ir.CreateOr(ir.CreateShl(high, 32), low);
  Value* selectors = selectors_of(l);
  Value* result = ir.getInt32(0);
  for (unsigned i = 0; i < 4; ++i) {
    Value* byte = pick_byte(ir, pair, ir.CreateLShr(selectors, 4 * i));
    result = ir.CreateOr(result, ir.CreateShl(ir.CreateZExt(byte, ir.getInt32Ty()), 8 * i));
  }
  l.set(0, result, ScalarType::kB32);
  return {};
}

constexpr Row kRows[] = {
    {"prmt.b32{.mode} d, a, b, c; .mode = .f4e .b4e .rc8 .ecl .ecr .rc16", lower_prmt},
};

}  // namespace

std::span<const Row> prmt_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
