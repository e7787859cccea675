#pragma once
// A device as the driver API shows it: one ordinal of one backend, and its facts. Devices live as
// long as the process.

#include <cuda.h>

#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"
#include "devices/registry.h"

namespace cuda_shim::objects {

class Context;
class DevicePools;

class Device {
 public:
  Device(const devices::Offer& offer, int ordinal);
  ~Device();

  /// CUdevice.
  int ordinal() const { return ordinal_; }
  /// Opens an instance of its own for a context.
  Result<devices::Device> open() const { return devices::Device::open(offer_); }
  const cuda_shim_device_properties& properties() const { return properties_; }
  const cuda_shim_target& target() const { return target_; }
  bool has(cuda_shim_capability capability) const {
    return (properties_.capabilities & capability) != 0;
  }
  /// Reads properties and target through a short-lived instance.
  Status describe();
  /// The context that the runtime API shares; made on first use, active while it is retained.
  Context& primary();
  /// The memory pools of cuMemAllocAsync.
  DevicePools& pools() { return *pools_; }

 private:
  devices::Offer offer_;
  int ordinal_;
  cuda_shim_device_properties properties_ = {};
  cuda_shim_target target_ = {};
  std::once_flag primary_made_;
  std::unique_ptr<Context> primary_;
  std::unique_ptr<DevicePools> pools_;
};

/// Value of a device attribute; kInvalidValue for a number that CUDA 13.0 does not know.
Result<int> device_attribute(const Device& device, CUdevice_attribute attribute);

/// cuInit: finds the devices, once. kNoDevice if there are none.
Status initialize();
bool initialized();
/// All devices after CUDA_VISIBLE_DEVICES; empty before initialize().
std::span<const std::unique_ptr<Device>> devices();
/// Null if there is no such ordinal.
Device* find_device(int ordinal);

}  // namespace cuda_shim::objects
