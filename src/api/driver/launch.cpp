// Launching kernels and host functions. Compiled for both kinds of default stream.
#include "api/objects/launch.h"

#include <fmt/format.h>

#include <memory>

#include "api/driver/default_stream.h"
#include "api/objects/event.h"
#include "api/objects/library.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::LaunchShape;

CUresult launch_on(const char* name, CUfunction handle, CUstream stream_handle,
                   const LaunchShape& shape, void** parameters, void** extra) {
  return on_stream(name, stream_handle, [&](Stream& stream) -> Status {
    Result<objects::Function*> function = objects::resolve_function(stream.context(), handle);
    if (!function) [[unlikely]]
      return std::move(function.error());
    return objects::launch(**function, stream, shape, parameters, extra);
  });
}

// Applies one launch attribute. What only hints at the speed of a GPU's caches and schedulers is
// accepted; what changes the meaning of a launch and is not there is refused.
Status apply(const CUlaunchAttribute& attribute, LaunchShape* shape) {
  switch (static_cast<int>(attribute.id)) {
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
      shape->cooperative = attribute.value.cooperative != 0;
      return {};
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION: {
      const auto& size = attribute.value.clusterDim;
      if (size.x == 1 && size.y == 1 && size.z == 1) return {};
      return not_supported(fmt::format("Clusters of ({}, {}, {}) blocks are not supported.", size.x,
                                       size.y, size.z));
    }
    case CU_LAUNCH_ATTRIBUTE_IGNORE:
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:  // permits overlap; none is right
                                                                 // too
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      return {};
    default:
      return not_supported(
          fmt::format("Launch attribute {} is not supported.", static_cast<int>(attribute.id)));
  }
}

// A cuLaunchHostFunc on its way. Unlike a callback it does not run once the context has faulted.
struct HostFunction {
  CUhostFn function;
  void* data;
  Context* context;
};

void run_host_function(void* argument) {
  std::unique_ptr<HostFunction> call(static_cast<HostFunction*>(argument));
  if (!call->context->check()) return;
  objects::HostFunctionScope scope;
  call->function(call->data);
}

// A cuStreamAddCallback on its way.
struct Callback {
  CUstreamCallback function;
  CUstream stream;
  void* data;
  Context* context;
};

void run_callback(void* argument) {
  std::unique_ptr<Callback> callback(static_cast<Callback*>(argument));
  auto code = static_cast<CUresult>(callback->context->check().code());
  objects::HostFunctionScope scope;
  callback->function(callback->stream, code, callback->data);
}

// Has the stream call run(argument), which takes the argument over.
template <class Argument>
Status call_in_order(Stream& stream, void (*run)(void*), std::unique_ptr<Argument> argument) {
  Status status = stream.call(run, argument.get());
  if (status) static_cast<void>(argument.release());
  return status;
}

}  // namespace

extern "C" {

CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY,
                        unsigned int gridDimZ, unsigned int blockDimX, unsigned int blockDimY,
                        unsigned int blockDimZ, unsigned int sharedMemBytes, CUstream hStream,
                        void** kernelParams, void** extra) {
  LaunchShape shape{
      {gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes, false};
  return launch_on(__func__, f, hStream, shape, kernelParams, extra);
}

CUresult cuLaunchCooperativeKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY,
                                   unsigned int gridDimZ, unsigned int blockDimX,
                                   unsigned int blockDimY, unsigned int blockDimZ,
                                   unsigned int sharedMemBytes, CUstream hStream,
                                   void** kernelParams) {
  LaunchShape shape{
      {gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes, true};
  return launch_on(__func__, f, hStream, shape, kernelParams, nullptr);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams,
                          void** extra) {
  if (config == nullptr || (config->numAttrs != 0 && config->attrs == nullptr))
    return CUDA_ERROR_INVALID_VALUE;
  LaunchShape shape{{config->gridDimX, config->gridDimY, config->gridDimZ},
                    {config->blockDimX, config->blockDimY, config->blockDimZ},
                    config->sharedMemBytes,
                    false};
  for (unsigned i = 0; i < config->numAttrs; ++i)
    if (Status status = apply(config->attrs[i], &shape); !status) return failed(__func__, status);
  return launch_on(__func__, f, config->hStream, shape, kernelParams, extra);
}

CUresult cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void* userData) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (fn == nullptr) return null_argument();
    return call_in_order(stream, run_host_function,
                         std::make_unique<HostFunction>(fn, userData, &stream.context()));
  });
}

CUresult cuStreamAddCallback(CUstream hStream, CUstreamCallback callback, void* userData,
                             unsigned int flags) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (callback == nullptr || flags != 0)
      return invalid("The callback is null or the flags are not 0.");
    return call_in_order(
        stream, run_callback,
        std::make_unique<Callback>(callback, hStream, userData, &stream.context()));
  });
}

}  // extern "C"
