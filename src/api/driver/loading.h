#pragma once
// Opening an image with the JIT's manners: PTX text is checked when it is loaded, and what is wrong
// lands in the log and in the caller's buffers.

#include "api/driver/jit_options.h"
#include "api/objects/program_source.h"

namespace cuda_shim::driver {

/// As open_program; PTX text, or anything with an error buffer or CUDA_SHIM_VERIFY, is verified
/// too.
Result<objects::ProgramPointer> load_program(const objects::Device& device, const void* image,
                                             const JitOptions& options);

/// Puts a failure in the caller's error buffer and in the log.
void report_load_failure(const JitOptions& options, const Status& status);

}  // namespace cuda_shim::driver
