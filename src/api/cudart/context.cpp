// Primary contexts, retained lazily and shared with the driver API.
//
// A reset gives a device a new generation. A thread on which the old primary context is still
// current sees by the generation that it must bind again; a context that the application made
// itself current on the thread is left alone.

#include "api/cudart/context.h"

#include <array>
#include <atomic>

#include "api/cudart/entry.h"

namespace cuda_shim::cudart {
namespace {

constexpr int kMaxDevices = 128;

struct PrimaryContext {
  std::atomic<CUcontext> context{nullptr};
  std::atomic<unsigned> generation{0};
};
constinit std::array<PrimaryContext, kMaxDevices> primaries;

/// What this thread chose and what ensure_context has made current for it.
struct Binding {
  int device = 0;
  CUcontext context = nullptr;
  unsigned generation = 0;
};
constinit thread_local Binding binding;

bool is_stale(CUcontext current) {
  return current == binding.context &&
         binding.generation != primaries[binding.device].generation.load(std::memory_order_relaxed);
}

cudaError_t bind(int device) {
  CUcontext context;
  unsigned generation = primaries[device].generation.load(std::memory_order_acquire);
  CUDART_TRY(primary_context(device, &context));
  CUDART_TRY(to_runtime(cuCtxSetCurrent(context)));
  binding = {device, context, generation};
  return cudaSuccess;
}

}  // namespace

cudaError_t ensure_driver() {
  static constinit std::atomic<bool> initialised{false};
  if (initialised.load(std::memory_order_acquire)) [[likely]]
    return cudaSuccess;
  CUDART_TRY(to_runtime(cuInit(0)));
  initialised.store(true, std::memory_order_release);
  return cudaSuccess;
}

cudaError_t ensure_context() {
  CUcontext current = nullptr;
  if (cuCtxGetCurrent(&current) == CUDA_SUCCESS && current != nullptr && !is_stale(current))
      [[likely]]
    return cudaSuccess;
  CUDART_TRY(ensure_driver());
  CUDART_TRY(check_device(binding.device));
  return bind(binding.device);
}

cudaError_t check_device(int device) {
  int count = 0;
  CUDART_TRY(in_driver(cuDeviceGetCount, &count));
  if (count == 0) return cudaErrorNoDevice;
  return device >= 0 && device < count && device < kMaxDevices ? cudaSuccess
                                                               : cudaErrorInvalidDevice;
}

cudaError_t current_device(CUdevice* device) {
  CUcontext current = nullptr;
  bool has_current = cuCtxGetCurrent(&current) == CUDA_SUCCESS && current != nullptr;
  if (has_current && current != binding.context) return to_runtime(cuCtxGetDevice(device));
  if (!has_current) CUDART_TRY(check_device(binding.device));
  *device = binding.device;
  return cudaSuccess;
}

cudaError_t choose_device(int device) {
  CUDART_TRY(check_device(device));
  // The choice stands even where the context cannot be made: the next call reports that again.
  binding.device = device;
  return bind(device);
}

cudaError_t primary_context(int device, CUcontext* context) {
  PrimaryContext& primary = primaries[device];
  *context = primary.context.load(std::memory_order_acquire);
  if (*context != nullptr) return cudaSuccess;
  CUDART_TRY(in_driver(cuDevicePrimaryCtxRetain, context, CUdevice{device}));
  CUcontext none = nullptr;
  // Two threads may get here at once; one reference is enough.
  if (!primary.context.compare_exchange_strong(none, *context)) {
    *context = none;
    return to_runtime(cuDevicePrimaryCtxRelease(device));
  }
  return cudaSuccess;
}

cudaError_t reset_device() {
  CUdevice device;
  CUDART_TRY(current_device(&device));
  PrimaryContext& primary = primaries[device];
  cudaError_t error = to_runtime(cuDevicePrimaryCtxReset(device));
  // A reset releases nothing: the reference taken by primary_context goes here.
  if (error == cudaSuccess && primary.context.exchange(nullptr) != nullptr)
    error = to_runtime(cuDevicePrimaryCtxRelease(device));
  primary.generation.fetch_add(1, std::memory_order_release);
  cuCtxSetCurrent(nullptr);
  binding = {device, nullptr, 0};
  forgive_sticky_errors();
  return error;
}

}  // namespace cuda_shim::cudart
