// Module management.
#include "api/objects/module.h"

#include <fmt/format.h>

#include "api/driver/entry.h"
#include "api/driver/loading.h"
#include "api/objects/function.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

Status add_module(Context& context, Result<objects::ProgramPointer> program, CUmodule* handle) {
  if (!program) return std::move(program.error());
  Result<std::unique_ptr<objects::Module>> module =
      objects::Module::make(context, std::move(*program), nullptr);
  if (!module) return std::move(module.error());
  *handle = context.modules().add(std::move(*module))->handle();
  return {};
}

CUresult load(const char* name, CUmodule* module, const void* image, unsigned count,
              CUjit_option* options, void** values) {
  return in_context(name, [&](Context& context) -> Status {
    if (module == nullptr) return null_argument();
    Result<JitOptions> jit = read_jit_options(count, options, values);
    if (!jit) return std::move(jit.error());
    return add_module(context, load_program(context.device(), image, *jit), module);
  });
}

// Runs work(Module&) on a live module.
template <class Work>
CUresult with_module(const char* name, CUmodule handle, Work&& work) {
  return in_context(name, [&](Context&) -> Status {
    objects::Module* module = find<objects::Module>(handle);
    return module == nullptr ? invalid_handle("module") : work(*module);
  });
}

}  // namespace

extern "C" {

CUresult cuModuleLoad(CUmodule* module, const char* fname) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (module == nullptr || fname == nullptr) return null_argument();
    return add_module(context, objects::open_program_file(context.device(), fname), module);
  });
}

CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  return load(__func__, module, image, 0, nullptr, nullptr);
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int numOptions,
                            CUjit_option* options, void** optionValues) {
  return load(__func__, module, image, numOptions, options, optionValues);
}

CUresult cuModuleLoadFatBinary(CUmodule* module, const void* fatCubin) {
  return load(__func__, module, fatCubin, 0, nullptr, nullptr);
}

CUresult cuModuleUnload(CUmodule hmod) {
  return in_any_context(__func__, [&](Context&) -> Status {
    objects::Module* module = find<objects::Module>(hmod);
    if (module == nullptr || module->library() != nullptr) return invalid_handle("module");
    Context& owner = module->context();
    Status status = owner.synchronize();
    owner.modules().take(module);
    return status;
  });
}

CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  return in_process(__func__, [&]() -> Status {
    if (mode == nullptr) return null_argument();
    *mode = CU_MODULE_LAZY_LOADING;
    return {};
  });
}

CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, const char* name) {
  return with_module(__func__, hmod, [&](objects::Module& module) -> Status {
    if (hfunc == nullptr || name == nullptr) return null_argument();
    Result<objects::Function*> function = module.function(name);
    if (!function) return std::move(function.error());
    *hfunc = (*function)->handle();
    return {};
  });
}

CUresult cuModuleGetFunctionCount(unsigned int* count, CUmodule mod) {
  return with_module(__func__, mod, [&](objects::Module& module) -> Status {
    if (count == nullptr) return null_argument();
    *count = static_cast<unsigned>(module.outline().kernels().size());
    return {};
  });
}

CUresult cuModuleEnumerateFunctions(CUfunction* functions, unsigned int numFunctions,
                                    CUmodule mod) {
  return with_module(__func__, mod, [&](objects::Module& module) -> Status {
    if (functions == nullptr && numFunctions != 0) return null_argument();
    std::size_t count = std::min<std::size_t>(numFunctions, module.outline().kernels().size());
    for (std::size_t i = 0; i < count; ++i) functions[i] = module.function(i).handle();
    return {};
  });
}

CUresult cuModuleGetGlobal(CUdeviceptr* dptr, size_t* bytes, CUmodule hmod, const char* name) {
  return with_module(__func__, hmod, [&](objects::Module& module) -> Status {
    if (name == nullptr || (dptr == nullptr && bytes == nullptr)) return null_argument();
    Result<objects::Module::Global> global = module.global(name);
    if (!global) return std::move(global.error());
    if (dptr != nullptr) *dptr = global->address;
    if (bytes != nullptr) *bytes = global->bytes;
    return {};
  });
}

}  // extern "C"
