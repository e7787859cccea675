#include "devices/cpu/host_symbols.h"

#include "cuda_shim/host_abi.h"

// The C library's functions under names of our own: only the address matters, and declaring them
// without their types is the one way that works for all of them, the compiler's runtime included.
extern "C" {
#define CUDA_SHIM_HOST_LIBM(name) void cuda_shim_libm_##name() __asm__(#name);
#include "cuda_shim/host_libm.def"
#undef CUDA_SHIM_HOST_LIBM
}

namespace cuda_shim::devices::cpu {
namespace {

struct HostSymbol {
  std::string_view name;
  void* address;
};

}  // namespace

void* find_host_symbol(std::string_view name) {
  // About a hundred rows, looked through once for each name of an object.
  static const HostSymbol kSymbols[] = {
#define CUDA_SHIM_HOST_FUNCTION(result, function, parameters) \
  {"cuda_shim_host_" #function, reinterpret_cast<void*>(&cuda_shim_host_##function)},
#include "cuda_shim/host_abi.def"
#undef CUDA_SHIM_HOST_FUNCTION
#define CUDA_SHIM_HOST_LIBM(function) \
  {#function, reinterpret_cast<void*>(&cuda_shim_libm_##function)},
#include "cuda_shim/host_libm.def"
#undef CUDA_SHIM_HOST_LIBM
  };
  for (const HostSymbol& symbol : kSymbols)
    if (symbol.name == name) return symbol.address;
  return nullptr;
}

}  // namespace cuda_shim::devices::cpu
