#pragma once
// What became of each kernel: how it was translated, why not better, how often it ran and how long
// that took. Told on standard error at the end of the process where CUDA_SHIM_EXPLAIN asks for it.

#include <chrono>

#include "api/objects/function.h"

namespace cuda_shim::objects {

/// Adds a version that was just loaded; `wait` is how long its launch waited for it. Nothing unless
/// the option is set.
void explain(const Function& function, const Function::Version& version,
             std::chrono::nanoseconds wait);
/// The version is about to be unloaded: what is known of it by now is all.
void finish_explanation(const Function::Version& version);

}  // namespace cuda_shim::objects
