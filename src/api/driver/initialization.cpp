// Initialization, version management, error handling and the profiler's switches.
#include <cudaProfiler.h>

#include "api/driver/entry.h"
#include "cuda_shim/version.h"

namespace {

struct ErrorRow {
  CUresult code;
  const char* name;
  const char* sentence;
};

constexpr ErrorRow kErrors[] = {
#define CUDA_SHIM_ERROR(name, sentence) {name, #name, sentence},
#include "api/driver/errors.def"
#undef CUDA_SHIM_ERROR
};

CUresult find_error(CUresult code, const char* ErrorRow::* member, const char** text) {
  if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
  for (const ErrorRow& row : kErrors) {
    if (row.code != code) continue;
    *text = row.*member;
    return CUDA_SUCCESS;
  }
  *text = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

extern "C" {

using namespace cuda_shim;
using namespace cuda_shim::driver;

CUresult cuInit(unsigned int Flags) {
  return always(__func__, [&] {
    return Flags != 0 ? invalid("The flags must be 0.") : objects::initialize();
  });
}

CUresult cuDriverGetVersion(int* driverVersion) {
  if (driverVersion == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *driverVersion = CUDA_SHIM_DRIVER_API_VERSION;
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char** pStr) {
  return find_error(error, &ErrorRow::name, pStr);
}

CUresult cuGetErrorString(CUresult error, const char** pStr) {
  return find_error(error, &ErrorRow::sentence, pStr);
}

// There is no profiler to switch; the calls mark a region for one.
CUresult cuProfilerStart(void) {
  return in_context(__func__, [](Context&) { return Status(); });
}

CUresult cuProfilerStop(void) {
  return in_context(__func__, [](Context&) { return Status(); });
}

}  // extern "C"
