#pragma once
// The integer instructions that work on single bits; their rows stand with the chapter in
// integer.cpp.

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

Status lower_popc(Lowering& lowering);
Status lower_clz(Lowering& lowering);
Status lower_bfind(Lowering& lowering);
Status lower_fns(Lowering& lowering);
Status lower_brev(Lowering& lowering);
Status lower_bfe(Lowering& lowering);
Status lower_bfi(Lowering& lowering);
Status lower_szext(Lowering& lowering);
Status lower_bmsk(Lowering& lowering);

}  // namespace cuda_shim::kernels::instructions
