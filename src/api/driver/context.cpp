// Context management. Contexts that cuCtxCreate made are owned by their handle.
#include <algorithm>
#include <memory>

#include "api/driver/context_flags.h"
#include "api/driver/entry.h"
#include "api/objects/event.h"

#undef cuCtxCreate

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

constexpr unsigned kApiVersion = 3020;  // what NVIDIA's driver answers for every context

Status create(CUcontext* context, unsigned flags, CUdevice ordinal) {
  objects::Device* device = objects::find_device(ordinal);
  if (device == nullptr)
    return Status(StatusCode::kInvalidDevice,
                  fmt::format("There is no device of ordinal {}.", ordinal));
  if (context == nullptr) return null_argument();
  if (Status status = check_context_flags(flags); !status) return status;
  Result<std::unique_ptr<Context>> made = Context::make(*device, flags, kApiVersion);
  if (!made) return std::move(made.error());
  *context = made->release()->handle();
  objects::push_current(*context);
  return {};
}

// Without touching the context: another thread may be destroying it.
bool is_primary(CUcontext handle) {
  return std::ranges::any_of(objects::devices(),
                             [&](auto& device) { return device->primary().handle() == handle; });
}

// A context by handle, or the current one for null.
Result<Context*> context_or_current(CUcontext handle) {
  if (handle == nullptr) return objects::current_context();
  if (Context* context = find<Context>(handle)) return context;
  return error(StatusCode::kInvalidContext, "The handle is not that of a live context.");
}

}  // namespace

extern "C" {

CUresult cuCtxCreate_v4(CUcontext* pctx, CUctxCreateParams* ctxCreateParams, unsigned int flags,
                        CUdevice dev) {
  return outside_streams(__func__, [&]() -> Status {
    if (ctxCreateParams != nullptr &&
        (ctxCreateParams->numExecAffinityParams != 0 || ctxCreateParams->cigParams))
      return not_supported(
          "Contexts with execution affinity or graphics sharing are not supported.");
    return create(pctx, flags, dev);
  });
}

CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam* paramsArray, int numParams,
                        unsigned int flags, CUdevice dev) {
  return outside_streams(__func__, [&]() -> Status {
    if (numParams != 0)
      return Status(StatusCode::kNotSupported, "Execution affinity is not supported.");
    return create(pctx, flags, dev);
  });
}

CUresult cuCtxCreate_v2(CUcontext* pctx, unsigned int flags, CUdevice dev) {
  return outside_streams(__func__, [&] { return create(pctx, flags, dev); });
}

CUresult cuCtxCreate(CUcontext* pctx, unsigned int flags, CUdevice dev) {
  return outside_streams(__func__, [&] { return create(pctx, flags, dev); });
}

CUresult cuCtxDestroy(CUcontext ctx) {
  return outside_streams(__func__, [&]() -> Status {
    std::unique_ptr<Context> ended(is_primary(ctx) ? nullptr : objects::take<Context>(ctx));
    if (ended == nullptr)
      return Status(StatusCode::kInvalidContext,
                    "The handle is not that of a context that cuCtxCreate made.");
    if (objects::current_handle() == ctx) objects::pop_current();
    return {};
  });
}

CUresult cuCtxPushCurrent(CUcontext ctx) {
  return in_process(__func__, [&]() -> Status {
    if (find<Context>(ctx) == nullptr)
      return Status(StatusCode::kInvalidContext, "The handle is not that of a live context.");
    objects::push_current(ctx);
    return {};
  });
}

CUresult cuCtxPopCurrent(CUcontext* pctx) {
  return in_process(__func__, [&]() -> Status {
    CUcontext popped = objects::pop_current();
    if (popped == nullptr)
      return Status(StatusCode::kInvalidContext, "The thread has no current context.");
    if (pctx != nullptr) *pctx = popped;
    return {};
  });
}

CUresult cuCtxSetCurrent(CUcontext ctx) {
  return in_process(__func__, [&]() -> Status {
    if (ctx != nullptr && find<Context>(ctx) == nullptr)
      return Status(StatusCode::kInvalidContext, "The handle is not that of a live context.");
    objects::set_current(ctx);
    return {};
  });
}

CUresult cuCtxGetCurrent(CUcontext* pctx) {
  return in_process(__func__, [&]() -> Status {
    if (pctx == nullptr) return null_argument();
    *pctx = objects::current_handle();
    return {};
  });
}

CUresult cuCtxGetDevice(CUdevice* device) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    if (device == nullptr) return null_argument();
    *device = context.device().ordinal();
    return {};
  });
}

CUresult cuCtxGetDevice_v2(CUdevice* device, CUcontext ctx) {
  return in_process(__func__, [&]() -> Status {
    if (device == nullptr) return null_argument();
    Result<Context*> context = context_or_current(ctx);
    if (!context) return std::move(context.error());
    *device = (*context)->device().ordinal();
    return {};
  });
}

CUresult cuCtxGetFlags(unsigned int* flags) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    if (flags == nullptr) return null_argument();
    *flags = context.flags();
    return {};
  });
}

CUresult cuCtxSetFlags(unsigned int flags) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    if (Status status = check_context_flags(flags); !status) return status;
    context.set_flags(flags);
    return {};
  });
}

CUresult cuCtxGetId(CUcontext ctx, unsigned long long* ctxId) {
  return in_process(__func__, [&]() -> Status {
    if (ctxId == nullptr) return null_argument();
    Result<Context*> context = context_or_current(ctx);
    if (!context) return std::move(context.error());
    *ctxId = (*context)->activation();
    return {};
  });
}

CUresult cuCtxSynchronize(void) {
  return in_context(__func__, [](Context& context) { return context.synchronize(); });
}

CUresult cuCtxSynchronize_v2(CUcontext ctx) {
  return outside_streams(__func__, [&]() -> Status {
    Result<Context*> context = context_or_current(ctx);
    if (!context) return std::move(context.error());
    if (!(*context)->active())
      return Status(StatusCode::kContextIsDestroyed, "The context is not active.");
    return (*context)->synchronize();
  });
}

CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
  return in_context(__func__, [&](Context& context) { return context.set_limit(limit, value); });
}

CUresult cuCtxGetLimit(size_t* pvalue, CUlimit limit) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    return pvalue == nullptr ? null_argument() : context.limit(limit, pvalue);
  });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* pconfig) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    if (pconfig == nullptr) return null_argument();
    *pconfig = context.cache_config;
    return {};
  });
}

// A preference for the split of a cache that this device does not have: remembered, without effect.
CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (config < CU_FUNC_CACHE_PREFER_NONE || config > CU_FUNC_CACHE_PREFER_EQUAL)
      return invalid("The cache configuration is unknown.");
    context.cache_config = config;
    return {};
  });
}

CUresult cuCtxGetSharedMemConfig(CUsharedconfig* pConfig) {
  return in_any_context(__func__, [&](Context&) -> Status {
    if (pConfig == nullptr) return null_argument();
    *pConfig = CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE;
    return {};
  });
}

CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (config < CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE ||
        config > CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE)
      return invalid("The bank size is unknown.");
    return {};  // as hardware since 5.0, whose banks are fixed at four bytes
  });
}

CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned int* version) {
  return in_process(__func__, [&]() -> Status {
    if (version == nullptr) return null_argument();
    Result<Context*> context = context_or_current(ctx);
    if (!context) return std::move(context.error());
    *version = (*context)->api_version();
    return {};
  });
}

CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority) {
  return in_any_context(__func__, [&](Context&) -> Status {
    if (leastPriority != nullptr) *leastPriority = 0;
    if (greatestPriority != nullptr) *greatestPriority = -5;
    return {};
  });
}

// No lines are ever kept in L2 by wish, so that there are none to reset.
CUresult cuCtxResetPersistingL2Cache(void) {
  return in_context(__func__, [](Context&) { return Status(); });
}

CUresult cuCtxGetExecAffinity(CUexecAffinityParam* pExecAffinity, CUexecAffinityType type) {
  return in_any_context(__func__, [&](Context&) -> Status {
    return Status(static_cast<StatusCode>(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY),
                  "Execution affinity is not supported.");
  });
}

}  // extern "C"
