#pragma once
// Which build of ours made an entry: part of every name in the cache.

#include "support/digest.h"

namespace cuda_shim::kernels::cache {

/// Of the compiler library and of the LLVM that it gets, which may be updated without it, loading
/// neither.
const support::Digest& compiler_identity();
/// After a translation: whether compiler_identity() told of the LLVM that was loaded in the end. If
/// not, nothing may be kept under its name.
bool compiler_is_as_identified();
/// Of the library that contains this code: it makes programs' outlines.
const support::Digest& library_identity();

}  // namespace cuda_shim::kernels::cache
