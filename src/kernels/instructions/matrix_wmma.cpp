// Warp-level matrix instructions of the first generation (PTX ISA 9.0, section 9.7.14.4):
// wmma.load, wmma.store, wmma.mma.
//
// The manual leaves open which lane holds what; here fragments are those of mma (matrix_layout.h),
// whatever the layout in memory. A fragment of f16 for A or B has registers to spare: they repeat
// the others, so that a program that changes all registers alike sees nothing of it, and wmma.mma
// reads the first ones only.
//
// Where lanes run one by one, each moves its own elements. They meet before a load and around a
// store, because hardware runs them in step and programs have come to rely on it.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_function.h"
#include "kernels/instructions/matrix_memory.h"
#include "kernels/instructions/matrix_product.h"
#include "kernels/instructions/matrix_shape.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

/// A and B of f16 always have eight registers.
constexpr unsigned kHalfRegisters = 8;
/// Arguments that say where a matrix is.
constexpr unsigned kPlaceArguments = 2;

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

MatrixInMemory matrix_of(const Lowering& lowering, FragmentKind kind) {
  const MatrixElement element = {lowering.type(), false};
  return {element, fragment_of(kind, matrix_shape(lowering), element), is_row_major(lowering, 0)};
}

ScalarType register_type(const MatrixInMemory& matrix) {
  return matrix.register_bits() == 64 ? ScalarType::kB64 : ScalarType::kB32;
}

/// Registers of the operand.
unsigned operand_registers(const MatrixInMemory& matrix) {
  const bool spare =
      is_multiplicand(matrix.fragment.kind) && matrix.element.type == ScalarType::kF16;
  return spare ? kHalfRegisters : matrix.registers();
}

/// Arguments of a function that moves a matrix: generic address, stride.
std::vector<Value*> place_of(Lowering& lowering, const MatrixInMemory& matrix, unsigned address,
                             unsigned stride) {
  llvm::IRBuilder<>& ir = lowering.ir();
  Value* pointer = lowering.address(address);
  if (pointer->getType() != ir.getPtrTy()) pointer = ir.CreateAddrSpaceCast(pointer, ir.getPtrTy());
  if (!lowering.has_operand(stride))
    return {pointer, ir.getInt64(matrix.line_length() * matrix.elements_of_unit())};
  return {pointer, ir.CreateZExt(lowering.value(stride, ScalarType::kU32), ir.getInt64Ty())};
}

void meet(Lowering& lowering) {
  lowering.device_op(DeviceOp::warp_sync, {lowering.ir().getInt32(~0u)});
}

// wmma.load.x d, [p]{, stride}
Status lower_load(Lowering& lowering) {
  const FragmentKind kind = lowering.has("a")   ? FragmentKind::kA
                            : lowering.has("b") ? FragmentKind::kB
                                                : FragmentKind::kAccumulator;
  const MatrixInMemory matrix = matrix_of(lowering, kind);
  if (Status status = check_registers(lowering, 0, operand_registers(matrix)); !status.ok())
    return status;
  const auto build = [&](MatrixFunction& function) {
    meet(lowering);
    Value* words = function.words(matrix.registers() * matrix.register_bits() / 32);
    function.store_all(
        words, load_fragment(function.ir(), matrix, {function.argument(0), function.argument(1)},
                             function.lane()));
    function.return_from(words);
  };
  const auto build_for_warp = [&](llvm::IRBuilder<>& ir, llvm::Function& function) {
    return load_fragments(ir, matrix, {function.getArg(0), function.getArg(1)});
  };
  Value* words =
      call_matrix_function(lowering, place_of(lowering, matrix, 1, 2), matrix.registers(),
                           lowering.llvm_type(register_type(matrix)), build,
                           {kPlaceArguments, /*accesses_memory=*/true, build_for_warp});
  for (unsigned i = 0; i < operand_registers(matrix); ++i)
    lowering.set_element(0, i, lowering.ir().CreateExtractValue(words, i % matrix.registers()),
                         register_type(matrix));
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
  const MatrixInMemory matrix = matrix_of(lowering, FragmentKind::kAccumulator);
  if (Status status = check_registers(lowering, 1, matrix.registers()); !status.ok()) return status;
  std::vector<Value*> arguments = place_of(lowering, matrix, 0, 2);
  for (Value* word : registers_of(lowering, 1, register_type(matrix))) arguments.push_back(word);
  const auto build = [&](MatrixFunction& function) {
    std::vector<Value*> words;
    for (unsigned i = kPlaceArguments; i < arguments.size(); ++i)
      words.push_back(function.argument(i));
    meet(lowering);
    store_fragment(function.ir(), matrix, {function.argument(0), function.argument(1)},
                   function.lane(), words);
    meet(lowering);
    function.ir().CreateRetVoid();
  };
  const auto build_for_warp = [&](llvm::IRBuilder<>& ir, llvm::Function& function) {
    std::vector<Value*> words;
    for (llvm::Argument& argument : llvm::drop_begin(function.args(), kPlaceArguments))
      words.push_back(&argument);
    store_fragments(ir, matrix, {function.getArg(0), function.getArg(1)}, words);
    return std::vector<Value*>();
  };
  call_matrix_function(lowering, arguments, 0, nullptr, build,
                       {kPlaceArguments, /*accesses_memory=*/true, build_for_warp});
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
