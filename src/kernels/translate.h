#pragma once
// The whole way of one kernel inside the compiler library: lowering, passes, target.

#include "kernels/compiler.h"

namespace cuda_shim::kernels {

/// As compile() of compiler.h, in this library.
Result<CompiledKernel> translate(const CompileRequest& request);

/// As verify() of compiler.h, in this library.
Result<std::vector<ptx::Diagnostic>> check(const Program& program);

}  // namespace cuda_shim::kernels
