#include "api/driver/loading.h"

#include "support/log.h"
#include "support/options.h"

namespace cuda_shim::driver {
namespace {

Status verify(const kernels::ProgramImage& program, const JitOptions& options) {
  std::string faults;
  Status status = objects::verify_program(program, &faults);
  // Without the compiler library nothing can be checked; the first launch reports that.
  if (status.code() == StatusCode::kJitCompilerNotFound) return {};
  if (status && !faults.empty()) {
    CUDA_SHIM_LOG(kWarning, "Some kernels of a module are not usable: {}", faults);
    options.errors.write(faults);
  }
  return status;
}

}  // namespace

void report_load_failure(const JitOptions& options, const Status& status) {
  CUDA_SHIM_LOG(kError, "Loading a module failed: {}", status.message());
  options.errors.write(status.message());
}

Result<objects::ProgramPointer> load_program(const objects::Device& device, const void* image,
                                             const JitOptions& options) {
  options.info.write("");
  options.errors.write("");
  Result<objects::ProgramPointer> program = objects::open_program(device, image, std::nullopt, "");
  Status status;
  if (program) {
    bool check = options.errors.wanted() || objects::is_text(image) ||
                 support::option_flag(support::Option::VERIFY);
    if (check) status = verify(**program, options);
    if (status) return program;
  } else {
    status = std::move(program.error());
  }
  report_load_failure(options, status);
  return error(std::move(status));
}

}  // namespace cuda_shim::driver
