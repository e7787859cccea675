// Execution control: what can be asked of a function and set on it. Launching is launch.cpp.
#include <algorithm>

#include "api/driver/entry.h"
#include "api/objects/function.h"
#include "api/objects/library.h"
#include "api/objects/module.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Function;

template <class Work>
CUresult with_function(const char* name, CUfunction handle, Work&& work) {
  return in_context(name, [&](Context& context) -> Status {
    Result<Function*> function = objects::resolve_function(context, handle);
    return function ? work(**function) : std::move(function.error());
  });
}

}  // namespace

extern "C" {

CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc) {
  return with_function(__func__, hfunc, [&](Function& function) -> Status {
    return pi == nullptr ? null_argument() : store(function.attribute(attrib), pi);
  });
}

CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value) {
  return with_function(__func__, hfunc,
                       [&](Function& function) { return function.set_attribute(attrib, value); });
}

// A preference for the split of a cache that this device does not have.
CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config) {
  return with_function(__func__, hfunc, [&](Function&) -> Status {
    return config > CU_FUNC_CACHE_PREFER_EQUAL ? invalid("The cache configuration is unknown.")
                                               : Status();
  });
}

CUresult cuFuncSetSharedMemConfig(CUfunction hfunc, CUsharedconfig config) {
  return with_function(__func__, hfunc, [&](Function&) -> Status {
    return config > CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE ? invalid("The bank size is unknown.")
                                                              : Status();
  });
}

CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc) {
  return with_function(__func__, hfunc, [&](Function& function) -> Status {
    if (hmod == nullptr) return null_argument();
    *hmod = function.module().handle();
    return {};
  });
}

CUresult cuFuncGetName(const char** name, CUfunction hfunc) {
  return with_function(__func__, hfunc, [&](Function& function) -> Status {
    if (name == nullptr) return null_argument();
    *name = function.name();
    return {};
  });
}

CUresult cuFuncGetParamInfo(CUfunction func, size_t paramIndex, size_t* paramOffset,
                            size_t* paramSize) {
  return with_function(__func__, func, [&](Function& function) -> Status {
    const auto& parameters = function.kernel().parameters;
    if (paramOffset == nullptr || paramIndex >= parameters.size())
      return invalid("The function has no parameter of this index.");
    *paramOffset = parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = parameters[paramIndex].bytes;
    return {};
  });
}

CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function) {
  return with_function(__func__, function, [&](Function& found) -> Status {
    if (state == nullptr) return null_argument();
    *state = found.ready() ? CU_FUNCTION_LOADING_STATE_LOADED : CU_FUNCTION_LOADING_STATE_UNLOADED;
    return {};
  });
}

CUresult cuFuncLoad(CUfunction function) {
  return with_function(__func__, function, [](Function& found) { return found.prepare(); });
}

}  // extern "C"
