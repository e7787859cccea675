#pragma once
// The functions of this process that translated code may call: host_abi.def and host_libm.def,
// nothing else.

#include <string_view>

namespace cuda_shim::devices::cpu {

/// Address of the function `name`, or null if it is not in the lists.
void* find_host_symbol(std::string_view name);

}  // namespace cuda_shim::devices::cpu
