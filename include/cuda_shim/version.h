#pragma once
// The project's version and the versions it reports to applications.

#define CUDA_SHIM_VERSION_MAJOR 0
#define CUDA_SHIM_VERSION_MINOR 1
#define CUDA_SHIM_VERSION_PATCH 0
#define CUDA_SHIM_VERSION_STRING "0.1.0"

/// What cuDriverGetVersion answers: the newest driver API that the rows cover (1000 * major + 10 *
/// minor).
#define CUDA_SHIM_DRIVER_API_VERSION 13000

/// Version of the device table in device.h. A plug-in built for another major version is refused.
#define CUDA_SHIM_DEVICE_ABI 1
