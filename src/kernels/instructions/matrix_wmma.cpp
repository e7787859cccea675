// Warp-level matrix instructions of the first generation (PTX ISA 9.0, section 9.7.14.4):
// wmma.load, wmma.store, wmma.mma.
//
// The manual leaves open which lane holds what; here fragments are those of mma (matrix_layout.h),
// whatever the layout in memory. A fragment of f16 for A or B has registers to spare: they repeat
// the others, so that a program that changes all registers alike sees nothing of it, and wmma.mma
// reads the first ones only.
//
// Every lane moves its own elements. The lanes meet before a load and around a store, because
// hardware runs them in step and programs have come to rely on it.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_function.h"
#include "kernels/instructions/matrix_product.h"
#include "kernels/instructions/matrix_shape.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

/// A and B of f16 always have eight registers.
constexpr unsigned kHalfRegisters = 8;

bool is_multiplicand(FragmentKind kind) {
  return kind != FragmentKind::kAccumulator;
}

/// k as the fragments count it: single bits count in words.
unsigned depth_of(const MatrixShape& shape, ScalarType multiplicand) {
  return multiplicand == ScalarType::kB1 ? shape.k / 32 : shape.k;
}

Fragment fragment_of(FragmentKind kind, const MatrixShape& shape, const MatrixElement& element) {
  const unsigned k = depth_of(shape, element.type);
  switch (kind) {
    case FragmentKind::kA:
      return {kind, shape.m, k, element.per_register()};
    case FragmentKind::kB:
      return {kind, k, shape.n, element.per_register()};
    default:
      return {kind, shape.m, shape.n, element.per_register()};
  }
}

// --- Moving

/// A fragment and where its matrix is.
class WmmaMatrix {
 public:
  WmmaMatrix(Lowering& lowering, FragmentKind kind, unsigned address, unsigned stride)
      : ir_(lowering.ir()),
        element_{lowering.type(), false},
        fragment_(fragment_of(kind, matrix_shape(lowering), element_)),
        by_rows_(is_row_major(lowering, 0)),
        pointer_(lowering.address(address)) {
    const unsigned length = by_rows_ ? fragment_.columns : fragment_.rows;
    stride_ = lowering.has_operand(stride)
                  ? ir_.CreateZExt(lowering.value(stride, ScalarType::kU32), ir_.getInt64Ty())
                  : ir_.getInt64(length * elements_of_unit());
    Value* lane = lowering.device_op(DeviceOp::laneid, {});
    group_ = ir_.CreateZExt(ir_.CreateLShr(lane, 2), ir_.getInt64Ty());
    turn_ = ir_.CreateZExt(ir_.CreateAnd(lane, 3), ir_.getInt64Ty());
  }

  /// Registers that differ.
  unsigned registers() const { return fragment_.elements() / element_.per_register(); }
  /// Registers of the operand.
  unsigned operand_registers() const {
    const bool spare = is_multiplicand(fragment_.kind) && element_.type == ScalarType::kF16;
    return spare ? kHalfRegisters : registers();
  }
  ScalarType register_type() const {
    return element_.type == ScalarType::kF64 ? ScalarType::kB64 : ScalarType::kB32;
  }

  Value* load(unsigned index) {
    if (in_one_piece()) return load_bits(place(first_of(index)), register_bits());
    Value* word = ir_.getInt32(0);
    for (unsigned i = 0; i < element_.per_register(); ++i) {
      Value* bits = load_bits(place(first_of(index) + i), element_.bits());
      Value* wide = ir_.CreateZExtOrTrunc(bits, ir_.getInt32Ty());
      word = ir_.CreateOr(word, ir_.CreateShl(wide, i * element_.bits()));
    }
    return word;
  }

  void store(unsigned index, Value* word) {
    if (in_one_piece()) return store_bits(place(first_of(index)), word, register_bits());
    for (unsigned i = 0; i < element_.per_register(); ++i) {
      Value* bits = ir_.CreateLShr(word, i * element_.bits());
      bits = ir_.CreateTrunc(bits, ir_.getIntNTy(element_.bits()));
      store_bits(place(first_of(index) + i), bits, element_.bits());
    }
  }

 private:
  unsigned register_bits() const { return element_.register_words() * 32; }
  unsigned first_of(unsigned index) const { return index * element_.per_register(); }
  /// Strides count in elements of the manual: single bits are one element each.
  unsigned elements_of_unit() const { return element_.type == ScalarType::kB1 ? 32 : 1; }
  unsigned unit_bits() const { return element_.bits() / elements_of_unit(); }

  /// Whether the elements of a register are neighbours in memory.
  bool in_one_piece() const {
    if (element_.per_register() == 1) return true;
    return by_rows_ == (fragment_.kind != FragmentKind::kB);
  }

  /// The address of an element of the lane's fragment.
  Value* place(unsigned element) {
    // The place of lane 0, and how far the lane's is from it.
    const MatrixPlace first = fragment_.place(0, element);
    const unsigned step = fragment_.kind == FragmentKind::kAccumulator ? 2 : fragment_.per_register;
    Value* along_turn = ir_.CreateMul(turn_, ir_.getInt64(step));
    const bool turned = fragment_.kind == FragmentKind::kB;
    Value* row = ir_.CreateAdd(turned ? along_turn : group_, ir_.getInt64(first.row));
    Value* column = ir_.CreateAdd(turned ? group_ : along_turn, ir_.getInt64(first.column));
    Value* line = by_rows_ ? row : column;
    Value* along = ir_.CreateMul(by_rows_ ? column : row, ir_.getInt64(elements_of_unit()));
    Value* distance = ir_.CreateAdd(ir_.CreateMul(line, stride_), along);
    Value* bits = ir_.CreateMul(distance, ir_.getInt64(unit_bits()));
    return ir_.CreateGEP(ir_.getInt8Ty(), pointer_, ir_.CreateLShr(bits, 3));
  }

  Value* load_bits(Value* place, unsigned bits) {
    return ir_.CreateAlignedLoad(ir_.getIntNTy(bits), place, llvm::Align(bits / 8));
  }
  void store_bits(Value* place, Value* value, unsigned bits) {
    ir_.CreateAlignedStore(value, place, llvm::Align(bits / 8));
  }

  llvm::IRBuilder<>& ir_;
  const MatrixElement element_;
  const Fragment fragment_;
  const bool by_rows_;
  Value* pointer_;
  Value *stride_ = nullptr, *group_ = nullptr, *turn_ = nullptr;
};

void meet(Lowering& lowering) {
  lowering.device_op(DeviceOp::warp_sync, {lowering.ir().getInt32(~0u)});
}

// wmma.load.x d, [p]{, stride}
Status lower_load(Lowering& lowering) {
  const FragmentKind kind = lowering.has("a")   ? FragmentKind::kA
                            : lowering.has("b") ? FragmentKind::kB
                                                : FragmentKind::kAccumulator;
  WmmaMatrix matrix(lowering, kind, 1, 2);
  if (Status status = check_registers(lowering, 0, matrix.operand_registers()); !status.ok())
    return status;
  meet(lowering);
  std::vector<Value*> words;
  for (unsigned i = 0; i < matrix.registers(); ++i) words.push_back(matrix.load(i));
  for (unsigned i = 0; i < matrix.operand_registers(); ++i)
    lowering.set_element(0, i, words[i % words.size()], matrix.register_type());
  return {};
}

// Sub-byte multiplicands lie in memory as the product reads them: A by rows, B by columns.
Status lower_load_small(Lowering& lowering) {
  if (lowering.has("a") != is_row_major(lowering, 0))
    return lowering.not_supported("A must be .row and B .col.");
  return lower_load(lowering);
}

// wmma.store.d [p], r{, stride}
Status lower_store(Lowering& lowering) {
  WmmaMatrix matrix(lowering, FragmentKind::kAccumulator, 0, 2);
  if (Status status = check_registers(lowering, 1, matrix.registers()); !status.ok()) return status;
  const std::vector<Value*> words = registers_of(lowering, 1, matrix.register_type());
  meet(lowering);
  for (unsigned i = 0; i < words.size(); ++i) matrix.store(i, words[i]);
  meet(lowering);
  return {};
}

// --- Multiplying

/// Of multiplicands of the type `a`.
Status lower_product_of(Lowering& lowering, ScalarType d, ScalarType a, ScalarType c) {
  const MatrixShape shape = matrix_shape(lowering);
  MatrixProduct product;
  product.a_element = {a, false};
  product.b_element = {a, false};
  product.a = fragment_of(FragmentKind::kA, shape, product.a_element);
  product.b = fragment_of(FragmentKind::kB, shape, product.b_element);
  product.c = product.d = {FragmentKind::kAccumulator, shape.m, shape.n, 1};
  product.c_type = c;
  product.d_type = d;
  product.rounding = lowering.rounding();
  product.saturate = lowering.has("satfinite");
  if (a == ScalarType::kB1)
    product.bit_operation = lowering.has("xor") ? BitOperation::kXor : BitOperation::kAnd;
  if (a == ScalarType::kF16) product.a_registers = product.b_registers = kHalfRegisters;
  return lower_product(lowering, product);
}

// Multiplicands without a type are f16.
Status lower_half_mma(Lowering& lowering) {
  return lower_product_of(lowering, lowering.type(0), ScalarType::kF16, lowering.type(1));
}

Status lower_mma(Lowering& lowering) {
  return lower_product_of(lowering, lowering.type(0), lowering.type(1), lowering.type(3));
}

constexpr Row kRows[] = {
    {"wmma.load.matrix.sync{.aligned}.layout.shape{.ss}.type {d}, [a]{, b}"
     "; .matrix = .a .b; .layout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16"
     "; .ss = .global .shared .shared::cta; .type = .f16 .bf16 .s8 .u8",
     lower_load},
    {"wmma.load.c.sync{.aligned}.layout.shape{.ss}.type {d}, [a]{, b}"
     "; .layout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16"
     "; .ss = .global .shared .shared::cta; .type = .f16 .f32 .s32",
     lower_load},
    {"wmma.load.matrix.sync{.aligned}.layout.m16n16k8{.ss}.tf32 {d}, [a]{, b}"
     "; .matrix = .a .b; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_load},
    {"wmma.load.c.sync{.aligned}.layout.m16n16k8{.ss}.f32 {d}, [a]{, b}"
     "; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_load},
    {"wmma.load.matrix.sync{.aligned}.layout.m8n8k4{.ss}.f64 {d}, [a]{, b}"
     "; .matrix = .a .b .c; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_load},
    {"wmma.load.matrix.sync{.aligned}.layout.m8n8k32{.ss}.type {d}, [a]{, b}"
     "; .matrix = .a .b; .layout = .row .col; .ss = .global .shared .shared::cta; .type = .s4 .u4",
     lower_load_small},
    {"wmma.load.matrix.sync{.aligned}.layout.m8n8k128{.ss}.b1 {d}, [a]{, b}"
     "; .matrix = .a .b; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_load_small},
    {"wmma.load.c.sync{.aligned}.layout.shape{.ss}.s32 {d}, [a]{, b}"
     "; .layout = .row .col; .shape = .m8n8k32 .m8n8k128; .ss = .global .shared .shared::cta",
     lower_load},

    {"wmma.store.d.sync{.aligned}.layout.shape{.ss}.type [a], {b}{, c}"
     "; .layout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16"
     "; .ss = .global .shared .shared::cta; .type = .f16 .f32 .s32",
     lower_store},
    {"wmma.store.d.sync{.aligned}.layout.m16n16k8{.ss}.f32 [a], {b}{, c}"
     "; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_store},
    {"wmma.store.d.sync{.aligned}.layout.m8n8k4{.ss}.f64 [a], {b}{, c}"
     "; .layout = .row .col; .ss = .global .shared .shared::cta",
     lower_store},
    {"wmma.store.d.sync{.aligned}.layout.shape{.ss}.s32 [a], {b}{, c}"
     "; .layout = .row .col; .shape = .m8n8k32 .m8n8k128; .ss = .global .shared .shared::cta",
     lower_store},

    {"wmma.mma.sync{.aligned}.alayout.blayout.shape.dtype.ctype {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16"
     "; .dtype = .f16 .f32; .ctype = .f16 .f32",
     lower_half_mma},
    {"wmma.mma.sync{.aligned}.alayout.blayout.shape.s32.s8.s8.s32{.satfinite} {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16",
     lower_mma},
    {"wmma.mma.sync{.aligned}.alayout.blayout.shape.s32.u8.u8.s32{.satfinite} {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16",
     lower_mma},
    {"wmma.mma.sync{.aligned}.alayout.blayout.shape.f32.bf16.bf16.f32 {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .shape = .m16n16k16 .m8n32k16 .m32n8k16",
     lower_mma},
    {"wmma.mma.sync{.aligned}.alayout.blayout.m16n16k8.f32.tf32.tf32.f32 {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col",
     lower_mma},
    {"wmma.mma.sync{.aligned}.alayout.blayout.m8n8k4{.rnd}.f64.f64.f64.f64 {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .rnd = .rn .rz .rm .rp",
     lower_mma},
    {"wmma.mma.sync{.aligned}.row.col.m8n8k32.s32.s4.s4.s32{.satfinite} {d}, {a}, {b}, {c}",
     lower_mma},
    {"wmma.mma.sync{.aligned}.row.col.m8n8k32.s32.u4.u4.s32{.satfinite} {d}, {a}, {b}, {c}",
     lower_mma},
    {"wmma.mma.op.popc.sync{.aligned}.row.col.m8n8k128.s32.b1.b1.s32 {d}, {a}, {b}, {c}"
     "; .op = .xor .and",
     lower_mma},
};

}  // namespace

std::span<const Row> matrix_wmma_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
