#pragma once
// Whether two trees are the same, locations and source text aside.

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {

bool same_tree(const Scope& a, const Scope& b);
/// Declarations only.
bool same_outline(const Module& a, const Module& b);

}  // namespace cuda_shim::kernels::ptx
