#include "devices/cpu/host_symbols.h"

#include <cmath>
#include <cstring>

#include "cuda_shim/host_abi.h"

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
#define CUDA_SHIM_HOST_FUNCTION(result, name, parameters) \
  {"cuda_shim_host_" #name, reinterpret_cast<void*>(&cuda_shim_host_##name)},
#include "cuda_shim/host_abi.def"
#undef CUDA_SHIM_HOST_FUNCTION
  };
  for (const HostSymbol& symbol : kSymbols)
    if (symbol.name == name) return symbol.address;
  return nullptr;
}

}  // namespace cuda_shim::devices::cpu
