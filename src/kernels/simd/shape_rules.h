#pragma once
// The shape of an instruction's result from those of its operands.

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Instructions.h>

#include "kernels/simd/lanes.h"
#include "kernels/simd/shape.h"

namespace cuda_shim::kernels::simd {

using ShapeOf = llvm::function_ref<Shape(const llvm::Value*)>;

/// For instructions other than phis. Never says uniform where an operand is not, except where that
/// is proven.
Shape shape_of(const llvm::Instruction& instruction, const Lanes& lanes, ShapeOf operand);

/// Of a constant: uniform, with its alignment.
Shape shape_of(const llvm::Constant& constant);

/// What is true of both, of all lanes or at least within rows.
Shape meet(const Shape& a, const Shape& b, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
