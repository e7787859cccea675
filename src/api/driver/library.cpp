// Library management: programs without a context, and their kernels.
#include "api/objects/library.h"

#include <algorithm>

#include "api/driver/entry.h"
#include "api/driver/loading.h"
#include "api/objects/function.h"
#include "api/objects/module.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Kernel;
using objects::Library;

Status add_library(Result<objects::ProgramPointer> program, CUlibrary* handle) {
  if (!program) return std::move(program.error());
  *handle = (new Library(std::move(*program)))->handle();
  return {};
}

template <class Work>
CUresult with_library(const char* name, CUlibrary handle, Work&& work) {
  return in_process(name, [&]() -> Status {
    Library* library = find<Library>(handle);
    return library == nullptr ? invalid_handle("library") : work(*library);
  });
}

template <class Work>
CUresult with_kernel(const char* name, CUkernel handle, Work&& work) {
  return in_process(name, [&]() -> Status {
    Kernel* kernel = find<Kernel>(handle);
    return kernel == nullptr ? invalid_handle("kernel") : work(*kernel);
  });
}

// The kernel's function in the current context, or, where there is none, in the primary context of
// the device.
Status with_function(Kernel& kernel, CUdevice device, auto&& work) {
  Result<Context*> context = objects::current_context();
  if (!context || (*context)->device().ordinal() != device) {
    objects::Device* found = objects::find_device(device);
    if (found == nullptr) return Status(StatusCode::kInvalidDevice, "There is no such device.");
    if (!found->primary().active())
      return Status(StatusCode::kInvalidContext, "The device has no context.");
    context = &found->primary();
  }
  Result<objects::Function*> function = kernel.in(**context);
  return function ? work(**function) : std::move(function.error());
}

Status global_of(Library& library, const char* name, CUdeviceptr* address, size_t* bytes,
                 bool managed) {
  if (name == nullptr || (address == nullptr && bytes == nullptr)) return null_argument();
  const kernels::VariableOutline* variable = library.outline().variable(name);
  if (variable == nullptr || (managed && !variable->managed))
    return Status(StatusCode::kNotFound,
                  std::string("The library has no such variable '") + name + "'.");
  Result<Context*> context = objects::current_context();
  if (!context) return std::move(context.error());
  Result<objects::Module*> module = (*context)->library_module(library);
  if (!module) return std::move(module.error());
  if (address != nullptr) *address = (*module)->memory() + variable->offset;
  if (bytes != nullptr) *bytes = variable->bytes;
  return {};
}

}  // namespace

extern "C" {

CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* jitOptions,
                           void** jitOptionsValues, unsigned int numJitOptions,
                           CUlibraryOption* libraryOptions, void** libraryOptionValues,
                           unsigned int numLibraryOptions) {
  return in_process(__func__, [&]() -> Status {
    if (library == nullptr) return null_argument();
    Result<JitOptions> jit = read_jit_options(numJitOptions, jitOptions, jitOptionsValues);
    if (!jit) return std::move(jit.error());
    return add_library(load_program(*objects::devices()[0], code, *jit), library);
  });
}

CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* fileName, CUjit_option* jitOptions,
                               void** jitOptionsValues, unsigned int numJitOptions,
                               CUlibraryOption* libraryOptions, void** libraryOptionValues,
                               unsigned int numLibraryOptions) {
  return in_process(__func__, [&]() -> Status {
    if (library == nullptr || fileName == nullptr) return null_argument();
    return add_library(objects::open_program_file(*objects::devices()[0], fileName), library);
  });
}

CUresult cuLibraryUnload(CUlibrary library) {
  return outside_streams(__func__, [&]() -> Status {
    std::unique_ptr<Library> ended(objects::take<Library>(library));
    return ended == nullptr ? invalid_handle("library") : Status();
  });
}

CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, const char* name) {
  return with_library(__func__, library, [&](Library& found) -> Status {
    if (pKernel == nullptr || name == nullptr) return null_argument();
    Result<Kernel*> kernel = found.kernel(name);
    if (!kernel) return std::move(kernel.error());
    *pKernel = (*kernel)->handle();
    return {};
  });
}

CUresult cuLibraryGetKernelCount(unsigned int* count, CUlibrary lib) {
  return with_library(__func__, lib, [&](Library& found) -> Status {
    if (count == nullptr) return null_argument();
    *count = static_cast<unsigned>(found.outline().kernels().size());
    return {};
  });
}

CUresult cuLibraryEnumerateKernels(CUkernel* kernels, unsigned int numKernels, CUlibrary lib) {
  return with_library(__func__, lib, [&](Library& found) -> Status {
    if (kernels == nullptr && numKernels != 0) return null_argument();
    std::size_t count = std::min<std::size_t>(numKernels, found.outline().kernels().size());
    for (std::size_t i = 0; i < count; ++i) kernels[i] = found.kernel(i).handle();
    return {};
  });
}

CUresult cuLibraryGetModule(CUmodule* pMod, CUlibrary library) {
  return with_library(__func__, library, [&](Library& found) -> Status {
    if (pMod == nullptr) return null_argument();
    Result<Context*> context = objects::current_context();
    if (!context) return std::move(context.error());
    Result<objects::Module*> module = (*context)->library_module(found);
    if (!module) return std::move(module.error());
    *pMod = (*module)->handle();
    return {};
  });
}

CUresult cuLibraryGetGlobal(CUdeviceptr* dptr, size_t* bytes, CUlibrary library, const char* name) {
  return with_library(__func__, library,
                      [&](Library& found) { return global_of(found, name, dptr, bytes, false); });
}

CUresult cuLibraryGetManaged(CUdeviceptr* dptr, size_t* bytes, CUlibrary library,
                             const char* name) {
  return with_library(__func__, library,
                      [&](Library& found) { return global_of(found, name, dptr, bytes, true); });
}

// Unified functions run on host and device alike; no device here has them
// (CU_DEVICE_ATTRIBUTE_UNIFIED_FUNCTION_POINTERS), so that no library does.
CUresult cuLibraryGetUnifiedFunction(void** fptr, CUlibrary library, const char* symbol) {
  return with_library(__func__, library, [&](Library&) -> Status {
    if (fptr == nullptr || symbol == nullptr) return null_argument();
    return Status(StatusCode::kNotFound,
                  std::string("The library has no unified function '") + symbol + "'.");
  });
}

CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel) {
  return with_kernel(__func__, kernel, [&](Kernel& found) -> Status {
    if (pFunc == nullptr) return null_argument();
    Result<Context*> context = objects::current_context();
    if (!context) return std::move(context.error());
    Result<objects::Function*> function = found.in(**context);
    if (!function) return std::move(function.error());
    *pFunc = (*function)->handle();
    return {};
  });
}

CUresult cuKernelGetLibrary(CUlibrary* pLib, CUkernel kernel) {
  return with_kernel(__func__, kernel, [&](Kernel& found) -> Status {
    if (pLib == nullptr) return null_argument();
    *pLib = found.library().handle();
    return {};
  });
}

CUresult cuKernelGetName(const char** name, CUkernel hfunc) {
  return with_kernel(__func__, hfunc, [&](Kernel& found) -> Status {
    if (name == nullptr) return null_argument();
    *name = found.name();
    return {};
  });
}

CUresult cuKernelGetParamInfo(CUkernel kernel, size_t paramIndex, size_t* paramOffset,
                              size_t* paramSize) {
  return with_kernel(__func__, kernel, [&](Kernel& found) -> Status {
    const auto& parameters = found.outline().parameters;
    if (paramOffset == nullptr || paramIndex >= parameters.size())
      return invalid("The kernel has no parameter of this index.");
    *paramOffset = parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = parameters[paramIndex].bytes;
    return {};
  });
}

CUresult cuKernelGetAttribute(int* pi, CUfunction_attribute attrib, CUkernel kernel, CUdevice dev) {
  return with_kernel(__func__, kernel, [&](Kernel& found) -> Status {
    if (pi == nullptr) return null_argument();
    return with_function(found, dev,
                         [&](objects::Function& f) { return store(f.attribute(attrib), pi); });
  });
}

CUresult cuKernelSetAttribute(CUfunction_attribute attrib, int val, CUkernel kernel, CUdevice dev) {
  return with_kernel(__func__, kernel, [&](Kernel& found) {
    return with_function(found, dev,
                         [&](objects::Function& f) { return f.set_attribute(attrib, val); });
  });
}

CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, CUdevice dev) {
  return with_kernel(__func__, kernel, [&](Kernel&) -> Status {
    return config > CU_FUNC_CACHE_PREFER_EQUAL ? invalid("The cache configuration is unknown.")
                                               : Status();
  });
}

}  // extern "C"
