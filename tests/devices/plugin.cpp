// A plug-in as somebody else would build it: no part of this library but the contract's headers.

#include "cuda_shim/device.h"
#include "cuda_shim/version.h"

namespace {

const cuda_shim_services* g_services;

cuda_shim_status enumerate(const cuda_shim_services* services, uint32_t* count) {
  g_services = services;
  *count = 3;
  return 0;
}

cuda_shim_status open(uint32_t, cuda_shim_device*) {
  g_services->report(2, "The accelerator is out for lunch.");
  return 101;
}

// Ends before the optional entries, as a table built against an older header would.
constexpr cuda_shim_backend make_table() {
  cuda_shim_backend table = {};
  table.size = offsetof(cuda_shim_backend, timestamp);
  table.abi = CUDA_SHIM_DEVICE_ABI;
  table.name = "lunch";
  table.enumerate = enumerate;
  table.open = open;
  return table;
}

constexpr cuda_shim_backend kTable = make_table();

}  // namespace

extern "C" __attribute__((visibility("default"))) const cuda_shim_backend* cuda_shim_backend_v1(
    uint32_t abi) {
  return abi == CUDA_SHIM_DEVICE_ABI ? &kTable : nullptr;
}
