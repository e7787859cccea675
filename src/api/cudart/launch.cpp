// Launching kernels: the configuration that <<<>>> leaves, and every way to start one.
//
// A host stub of nvcc 12 and later asks once for its kernel (__cudaGetKernel, kept in a static
// variable) and launches by that handle; older stubs launch by the address of the host function. If
// the kernel cannot be had, the stub keeps launching with what __cudaGetKernel left in the
// variable: we leave the registered function, marked by its highest bit, so that the launch can
// say what is wrong with it.

#include <cuda_runtime_api.h>

#include <cstdint>
#include <limits>

#include "api/cudart/entry.h"
#include "api/cudart/launch_config.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

struct Configuration {
  dim3 grid;
  dim3 block;
  std::size_t shared;
  cudaStream_t stream;
};

/// Configurations pushed and not yet popped. More than one when an argument of a launch launches
/// itself.
struct ConfigurationStack {
  static constexpr unsigned kDepth = 16;
  Configuration entries[kDepth];
  unsigned size;
};
constinit thread_local ConfigurationStack configurations{};

// Neither addresses nor the driver's handles, which need not be aligned, reach this bit.
constexpr std::uintptr_t kUnresolvedBit = std::uintptr_t{1} << 63;

cudaKernel_t mark_unresolved(RegisteredFunction* function) {
  return reinterpret_cast<cudaKernel_t>(reinterpret_cast<std::uintptr_t>(function) |
                                        kUnresolvedBit);
}

/// The kernel that a stub's handle stands for.
cudaError_t unmark(cudaKernel_t handle, CUkernel* kernel) {
  auto bits = reinterpret_cast<std::uintptr_t>(handle);
  if ((bits & kUnresolvedBit) == 0) [[likely]] {
    *kernel = handle;
    return handle == nullptr ? cudaErrorInvalidDeviceFunction : cudaSuccess;
  }
  return reinterpret_cast<RegisteredFunction*>(bits & ~kUnresolvedBit)->resolve(kernel);
}

/// The driver counts shared memory in 32 bits.
cudaError_t check_shared(std::size_t shared) {
  return shared <= std::numeric_limits<unsigned>::max() ? cudaSuccess : cudaErrorInvalidValue;
}

bool exceeds(unsigned value, CUdevice_attribute limit, CUdevice device) {
  int most = 0;
  cuDeviceGetAttribute(&most, limit, device);
  return value == 0 || value > static_cast<unsigned>(most);
}

/// Whether the device has no room for blocks or grids of this shape.
bool is_impossible(const dim3& grid, const dim3& block) {
  CUdevice device = 0;
  cuCtxGetDevice(&device);
  return exceeds(block.x, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, device) ||
         exceeds(block.y, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, device) ||
         exceeds(block.z, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, device) ||
         exceeds(block.x * block.y * block.z, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, device) ||
         exceeds(grid.x, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, device) ||
         exceeds(grid.y, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, device) ||
         exceeds(grid.z, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, device);
}

/// An impossible shape is a bad configuration to the runtime, where the driver speaks of a bad
/// value. Other bad values, such as more shared memory than the kernel was allowed, are called the
/// same by both.
cudaError_t launch_error(CUresult result, const dim3& grid, const dim3& block) {
  if (result == CUDA_ERROR_INVALID_VALUE && is_impossible(grid, block))
    return cudaErrorInvalidConfiguration;
  return to_runtime(result);
}

/// A launch as the entries below are asked for it.
struct Launch {
  dim3 grid, block;
  void** arguments;
  std::size_t shared;
  cudaStream_t stream;
};

cudaError_t launch(CUkernel kernel, const Launch& l, bool cooperative = false) {
  CUDART_TRY(check_shared(l.shared));
  auto function = reinterpret_cast<CUfunction>(kernel);
  auto shared = static_cast<unsigned>(l.shared);
  CUresult result =
      cooperative ? cuLaunchCooperativeKernel(function, l.grid.x, l.grid.y, l.grid.z, l.block.x,
                                              l.block.y, l.block.z, shared, l.stream, l.arguments)
                  : cuLaunchKernel(function, l.grid.x, l.grid.y, l.grid.z, l.block.x, l.block.y,
                                   l.block.z, shared, l.stream, l.arguments, nullptr);
  return launch_error(result, l.grid, l.block);
}

cudaError_t launch_function(const void* function, const Launch& l, bool cooperative) {
  CUkernel kernel;
  CUDART_TRY(ensure_context());
  CUDART_TRY(resolve_kernel(function, &kernel));
  return launch(kernel, l, cooperative);
}

}  // namespace

extern "C" {

/// Gives zero to go on; then the host stub of the kernel runs and pops.
CUDA_SHIM_EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared,
                                                      cudaStream_t stream) {
  ConfigurationStack& stack = configurations;
  if (stack.size == ConfigurationStack::kDepth)
    return record(cudaErrorInvalidConfiguration, "__cudaPushCallConfiguration");
  stack.entries[stack.size++] = {grid, block, shared, stream};
  return cudaSuccess;
}

CUDA_SHIM_EXPORT cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block,
                                                        std::size_t* shared, void* stream) {
  ConfigurationStack& stack = configurations;
  if (stack.size == 0) return record(cudaErrorMissingConfiguration, "__cudaPopCallConfiguration");
  const Configuration& top = stack.entries[--stack.size];
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}
}

CUDART_ENTRY(__cudaGetKernel, (cudaKernel_t * kernel, const void* host), (kernel, host)) {
  *kernel = nullptr;
  RegisteredFunction* function = find_function(host);
  if (function == nullptr) return cudaErrorInvalidDeviceFunction;
  // The launch that follows reports the error, once.
  if (function->resolve(kernel) != cudaSuccess) *kernel = mark_unresolved(function);
  return cudaSuccess;
}

CUDART_STREAM_ENTRY(__cudaLaunchKernel,
                    (cudaKernel_t handle, dim3 grid, dim3 block, void** arguments,
                     std::size_t shared, cudaStream_t stream),
                    (handle, grid, block, arguments, shared, stream)) {
  CUkernel kernel;
  CUDART_TRY(ensure_context());
  CUDART_TRY(unmark(handle, &kernel));
  return launch(kernel, {grid, block, arguments, shared, stream});
}

CUDART_STREAM_ENTRY(cudaLaunchKernel,
                    (const void* function, dim3 grid, dim3 block, void** arguments,
                     std::size_t shared, cudaStream_t stream),
                    (function, grid, block, arguments, shared, stream)) {
  return launch_function(function, {grid, block, arguments, shared, stream}, false);
}

CUDART_STREAM_ENTRY(cudaLaunchCooperativeKernel,
                    (const void* function, dim3 grid, dim3 block, void** arguments,
                     std::size_t shared, cudaStream_t stream),
                    (function, grid, block, arguments, shared, stream)) {
  return launch_function(function, {grid, block, arguments, shared, stream}, true);
}

static cudaError_t launch_extended(const cudaLaunchConfig_t* config, const void* function,
                                   void** arguments, cudaStream_t stream) {
  CUkernel kernel;
  CUDART_TRY(ensure_context());
  CUDART_TRY(resolve_kernel(function, &kernel));
  CUDART_TRY(check_shared(config->dynamicSmemBytes));
  CUlaunchConfig driver_config = to_driver(*config, stream);
  return launch_error(
      cuLaunchKernelEx(&driver_config, reinterpret_cast<CUfunction>(kernel), arguments, nullptr),
      config->gridDim, config->blockDim);
}

CUDART_ENTRY(cudaLaunchKernelExC,
             (const cudaLaunchConfig_t* config, const void* function, void** arguments),
             (config, function, arguments)) {
  if (config == nullptr) return cudaErrorInvalidConfiguration;
  return launch_extended(config, function, arguments, config->stream);
}

CUDART_ENTRY(cudaLaunchKernelExC_ptsz,
             (const cudaLaunchConfig_t* config, const void* function, void** arguments),
             (config, function, arguments)) {
  if (config == nullptr) return cudaErrorInvalidConfiguration;
  return launch_extended(config, function, arguments, per_thread(config->stream));
}
