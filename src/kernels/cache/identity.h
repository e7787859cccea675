#pragma once
// Which build of ours made an entry: part of every name in the cache.

#include "support/digest.h"

namespace cuda_shim::kernels::cache {

/// Of the compiler library (its build id, which the version of LLVM is part of), without loading
/// it.
const support::Digest& compiler_identity();
/// Of the library that contains this code: it makes programs' outlines.
const support::Digest& library_identity();

}  // namespace cuda_shim::kernels::cache
