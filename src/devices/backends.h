#pragma once
// The backends built into this library, and how one from elsewhere is opened.

#include <string>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"

namespace cuda_shim::devices {

/// The host CPU (cpu/).
const cuda_shim_backend* cpu_backend();
/// A device that has memory and queues but runs no kernels (null/): the template of a backend.
const cuda_shim_backend* null_backend();

/// Opens the shared object `path` and asks it for its table. It stays loaded for the life of the
/// process.
Result<const cuda_shim_backend*> load_plugin(const std::string& path);

}  // namespace cuda_shim::devices
