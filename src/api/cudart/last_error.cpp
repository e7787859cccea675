// cudaGetLastError, cudaPeekAtLastError and the names of errors.
//
// A sticky error is stamped with the count of resets at the time: once the count has moved on, the
// context that it broke is gone and the error is as any other. So no thread needs to reach into
// another's memory.

#include "api/cudart/last_error.h"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "api/cudart/entry.h"
#include "support/log.h"

namespace cuda_shim::cudart {
namespace {

struct ErrorRow {
  cudaError_t code;
  const char* name;
  const char* description;
};

constexpr ErrorRow kErrors[] = {
#define CUDA_SHIM_CUDART_ERROR(name, description) {name, #name, description},
#include "api/cudart/errors.def"
#undef CUDA_SHIM_CUDART_ERROR
};

/// Errors after which the context does no more work ("must be terminated and relaunched" in the
/// runtime API's manual).
constexpr cudaError_t kStickyErrors[] = {
    cudaErrorECCUncorrectable,   cudaErrorIllegalAddress,
    cudaErrorLaunchTimeout,      cudaErrorAssert,
    cudaErrorHardwareStackError, cudaErrorIllegalInstruction,
    cudaErrorMisalignedAddress,  cudaErrorInvalidAddressSpace,
    cudaErrorInvalidPc,          cudaErrorLaunchFailure,
    cudaErrorTensorMemoryLeak,   cudaErrorExternalDevice,
};

struct LastError {
  cudaError_t code = cudaSuccess;
  unsigned resets = 0;
};

constinit thread_local LastError last_error;
constinit std::atomic<unsigned> resets{0};

bool is_sticky(const LastError& error) {
  return std::ranges::find(kStickyErrors, error.code) != std::end(kStickyErrors) &&
         error.resets == resets.load(std::memory_order_relaxed);
}

const ErrorRow* find_row(cudaError_t code) {
  auto row = std::ranges::find(kErrors, code, &ErrorRow::code);
  return row == std::end(kErrors) ? nullptr : row;
}

}  // namespace

void remember_error(cudaError_t error, const char* function) {
  CUDA_SHIM_LOG(kDebug, "{} returned {} ({}).", function, error_name(error),
                static_cast<int>(error));
  if (last_error.code != cudaSuccess && is_sticky(last_error)) return;
  last_error = {error, resets.load(std::memory_order_relaxed)};
}

void forgive_sticky_errors() {
  resets.fetch_add(1, std::memory_order_relaxed);
}

const char* error_name(cudaError_t error) {
  const ErrorRow* row = find_row(error);
  return row ? row->name : "unrecognized error code";
}

const char* error_description(cudaError_t error) {
  const ErrorRow* row = find_row(error);
  return row ? row->description : "unrecognized error code";
}

}  // namespace cuda_shim::cudart

using namespace cuda_shim::cudart;

extern "C" {

CUDA_SHIM_EXPORT cudaError_t cudaPeekAtLastError() {
  return last_error.code;
}

CUDA_SHIM_EXPORT cudaError_t cudaGetLastError() {
  cudaError_t code = last_error.code;
  if (code != cudaSuccess && !is_sticky(last_error)) last_error.code = cudaSuccess;
  return code;
}

CUDA_SHIM_EXPORT const char* cudaGetErrorName(cudaError_t error) {
  return error_name(error);
}

CUDA_SHIM_EXPORT const char* cudaGetErrorString(cudaError_t error) {
  return error_description(error);
}
}
