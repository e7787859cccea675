// Warp Level Matrix Multiply-Accumulate Instructions (PTX ISA 9.0, section 9.7.14): mma and mma.sp.
// Loads, stores and transposition of matrices are in matrix_move.cpp, wmma in matrix_wmma.cpp.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_product.h"
#include "kernels/instructions/matrix_shape.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

/// Elements and accumulators as the modifiers .dtype.atype.btype.ctype say.
void set_types(const Lowering& lowering, MatrixProduct& product) {
  const bool in_byte = lowering.has("kind::f8f6f4") || lowering.has("kind::mxf8f6f4");
  product.d_type = lowering.type(0);
  product.a_element = {lowering.type(1), in_byte};
  product.b_element = {lowering.type(2), in_byte};
  product.c_type = lowering.type(3);
  product.rounding = lowering.rounding();
  product.saturate = lowering.has("satfinite");
  if (product.a_element.type == ScalarType::kB1)
    product.bit_operation = lowering.has("xor") ? BitOperation::kXor : BitOperation::kAnd;
}

/// Fragments of all forms but m8n8k4 with f16. Single bits count in words.
void set_fragments(const MatrixShape& shape, MatrixProduct& product) {
  const unsigned k = product.a_element.type == ScalarType::kB1 ? shape.k / 32 : shape.k;
  const unsigned stored = product.sparse ? k / 2 : k;
  product.a = {FragmentKind::kA, shape.m, stored, product.a_element.per_register()};
  product.b = {FragmentKind::kB, k, shape.n, product.b_element.per_register()};
  product.c = product.d = {FragmentKind::kAccumulator, shape.m, shape.n, 1};
}

Status lower_checked(Lowering& lowering, const MatrixProduct& product) {
  if (!is_row_major(lowering, 0) || is_row_major(lowering, 1))
    return lowering.not_supported("A must be .row and B .col.");
  return lower_product(lowering, product);
}

Status lower_mma(Lowering& lowering) {
  MatrixProduct product;
  product.sparse = lowering.has("sp") || lowering.has("sp::ordered_metadata");
  set_types(lowering, product);
  set_fragments(matrix_shape(lowering), product);
  return lower_checked(lowering, product);
}

Status lower_mma_scaled(Lowering& lowering) {
  MatrixProduct product;
  product.sparse = lowering.has("sp::ordered_metadata");
  set_types(lowering, product);
  set_fragments(matrix_shape(lowering), product);
  product.scales_are_ue4m3 = lowering.has("ue4m3");
  const bool four = lowering.has("scale_vec::4X");
  product.scales = lowering.has("kind::mxf8f6f4") ? 1 : four ? 4 : 2;
  return lower_checked(lowering, product);
}

// m8n8k4 with f16: four products of 8x8x4 at once.
Status lower_mma_quad(Lowering& lowering) {
  MatrixProduct product;
  set_types(lowering, product);
  using enum FragmentKind;
  const auto accumulator = [](ScalarType type) {
    return Fragment{type == ScalarType::kF16 ? kQuadHalfAccumulator : kQuadFloatAccumulator, 32, 32,
                    1};
  };
  product.a = {is_row_major(lowering, 0) ? kQuadRowA : kQuadColumnA, 32, 4, 2};
  product.b = {is_row_major(lowering, 1) ? kQuadRowB : kQuadColumnB, 4, 32, 2};
  product.c = accumulator(product.c_type);
  product.d = accumulator(product.d_type);
  return lower_product(lowering, product);
}

// Rows with accumulators of f16 and of f32 stand apart where C and D must agree.
constexpr Row kRows[] = {
    {"mma.sync.aligned.m8n8k4.alayout.blayout.dtype.f16.f16.f16 {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col; .dtype = .f16 .f32",
     lower_mma_quad},
    {"mma.sync.aligned.m8n8k4.alayout.blayout.f32.f16.f16.f32 {d}, {a}, {b}, {c}"
     "; .alayout = .row .col; .blayout = .row .col",
     lower_mma_quad},
    {"mma.sync.aligned.shape.row.col.f16.f16.f16.f16 {d}, {a}, {b}, {c}; .shape = .m16n8k8 "
     ".m16n8k16",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.f32.f16.f16.f32 {d}, {a}, {b}, {c}; .shape = .m16n8k8 "
     ".m16n8k16",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.f32.tf32.tf32.f32 {d}, {a}, {b}, {c}; .shape = .m16n8k4 "
     ".m16n8k8",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.f32.bf16.bf16.f32 {d}, {a}, {b}, {c}; .shape = .m16n8k8 "
     ".m16n8k16",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.f16.atype.btype.f16 {d}, {a}, {b}, {c}"
     "; .shape = .m16n8k16 .m16n8k32; .atype = .e4m3 .e5m2; .btype = .e4m3 .e5m2",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.f32.atype.btype.f32 {d}, {a}, {b}, {c}"
     "; .shape = .m16n8k16 .m16n8k32; .atype = .e4m3 .e5m2; .btype = .e4m3 .e5m2",
     lower_mma},
    {"mma.sync.aligned.m16n8k32.row.col.kind::f8f6f4.f16.atype.btype.f16 {d}, {a}, {b}, {c}"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma},
    {"mma.sync.aligned.m16n8k32.row.col.kind::f8f6f4.f32.atype.btype.f32 {d}, {a}, {b}, {c}"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma},
    {"mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale{.scale_vec::2X}"
     ".f32.e2m1.e2m1.f32.ue8m0 {d}, {a}, {b}, {c}, e, {f}, g, {h}",
     lower_mma_scaled},
    {"mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec_size"
     ".f32.e2m1.e2m1.f32.ue8m0 {d}, {a}, {b}, {c}, e, {f}, g, {h}"
     "; .scale_vec_size = .scale_vec::2X .scale_vec::4X",
     lower_mma_scaled},
    {"mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::4X"
     ".f32.e2m1.e2m1.f32.ue4m3 {d}, {a}, {b}, {c}, e, {f}, g, {h}",
     lower_mma_scaled},
    {"mma.sync.aligned.m16n8k32.row.col.kind::mxf8f6f4.block_scale{.scale_vec::1X}"
     ".f32.atype.btype.f32.ue8m0 {d}, {a}, {b}, {c}, e, {f}, g, {h}"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma_scaled},
    {"mma.sync.aligned.shape.row.col{.rnd}.f64.f64.f64.f64 {d}, {a}, {b}, {c}"
     "; .shape = .m8n8k4 .m16n8k4 .m16n8k8 .m16n8k16; .rnd = .rn .rz .rm .rp",
     lower_mma},
    {"mma.sync.aligned.shape.row.col{.satfinite}.s32.atype.btype.s32 {d}, {a}, {b}, {c}"
     "; .shape = .m8n8k16 .m16n8k16 .m16n8k32; .atype = .u8 .s8; .btype = .u8 .s8",
     lower_mma},
    {"mma.sync.aligned.shape.row.col{.satfinite}.s32.atype.btype.s32 {d}, {a}, {b}, {c}"
     "; .shape = .m8n8k32 .m16n8k32 .m16n8k64; .atype = .u4 .s4; .btype = .u4 .s4",
     lower_mma},
    {"mma.sync.aligned.shape.row.col.s32.b1.b1.s32.bitOp.popc {d}, {a}, {b}, {c}"
     "; .shape = .m8n8k128 .m16n8k128 .m16n8k256; .bitOp = .xor .and",
     lower_mma},

    {"mma.spvariant.sync.aligned.shape.row.col.f16.f16.f16.f16 {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k16 .m16n8k32",
     lower_mma},
    {"mma.spvariant.sync.aligned.shape.row.col.f32.f16.f16.f32 {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k16 .m16n8k32",
     lower_mma},
    {"mma.spvariant.sync.aligned.shape.row.col.f32.bf16.bf16.f32 {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k16 .m16n8k32",
     lower_mma},
    {"mma.spvariant.sync.aligned.shape.row.col.f32.tf32.tf32.f32 {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k8 .m16n8k16",
     lower_mma},
    {"mma.spvariant.sync.aligned.m16n8k64.row.col.f32.atype.btype.f32 {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .atype = .e4m3 .e5m2; .btype = .e4m3 .e5m2",
     lower_mma},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.f16.atype.btype.f16"
     " {d}, {a}, {b}, {c}, e, f; .atype = .e4m3 .e5m2; .btype = .e4m3 .e5m2",
     lower_mma},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.kind::f8f6f4.f16.atype.btype.f16"
     " {d}, {a}, {b}, {c}, e, f"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.kind::f8f6f4.f32.atype.btype.f32"
     " {d}, {a}, {b}, {c}, e, f"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k128.row.col.kind::mxf4.block_scale"
     "{.scale_vec::2X}.f32.e2m1.e2m1.f32.ue8m0 {d}, {a}, {b}, {c}, e, f, g, {h}, i, {j}",
     lower_mma_scaled},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k128.row.col.kind::mxf4nvf4.block_scale"
     ".scale_vec_size.f32.e2m1.e2m1.f32.ue8m0 {d}, {a}, {b}, {c}, e, f, g, {h}, i, {j}"
     "; .scale_vec_size = .scale_vec::2X .scale_vec::4X",
     lower_mma_scaled},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k128.row.col.kind::mxf4nvf4.block_scale"
     ".scale_vec::4X.f32.e2m1.e2m1.f32.ue4m3 {d}, {a}, {b}, {c}, e, f, g, {h}, i, {j}",
     lower_mma_scaled},
    {"mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.kind::mxf8f6f4.block_scale"
     "{.scale_vec::1X}.f32.atype.btype.f32.ue8m0 {d}, {a}, {b}, {c}, e, f, g, {h}, i, {j}"
     "; .atype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1; .btype = .e4m3 .e5m2 .e3m2 .e2m3 .e2m1",
     lower_mma_scaled},
    {"mma.spvariant.sync.aligned.shape.row.col{.satfinite}.s32.atype.btype.s32"
     " {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k32 .m16n8k64"
     "; .atype = .u8 .s8; .btype = .u8 .s8",
     lower_mma},
    {"mma.spvariant.sync.aligned.shape.row.col{.satfinite}.s32.atype.btype.s32"
     " {d}, {a}, {b}, {c}, e, f"
     "; .spvariant = .sp .sp::ordered_metadata; .shape = .m16n8k64 .m16n8k128"
     "; .atype = .u4 .s4; .btype = .u4 .s4",
     lower_mma},
};

}  // namespace

std::span<const Row> matrix_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
