// Device management, and what of it is deprecated.
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "api/driver/entry.h"
#include "support/number.h"

using namespace cuda_shim;
using namespace cuda_shim::driver;

namespace {

struct PciAddress {
  std::uint32_t domain = 0, bus = 0, device = 0;
  bool operator==(const PciAddress&) const = default;
};

// "[domain:]bus:device[.function]", all in base 16. A device is found whatever the function.
std::optional<PciAddress> parse_pci_address(std::string_view text) {
  std::uint32_t numbers[3] = {};
  std::size_t count = 0;
  do {
    if (!support::take_number(text, numbers[count], 16)) return std::nullopt;
    ++count;
  } while (count < 3 && support::take_character(text, ':'));
  if (count == 3) return PciAddress{numbers[0], numbers[1], numbers[2]};
  if (count == 2) return PciAddress{.bus = numbers[0], .device = numbers[1]};
  return std::nullopt;
}

}  // namespace

extern "C" {

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  return on_device(__func__, ordinal, [&](objects::Device&) -> Status {
    if (device == nullptr) return null_argument();
    *device = ordinal;
    return {};
  });
}

CUresult cuDeviceGetCount(int* count) {
  return in_process(__func__, [&]() -> Status {
    if (count == nullptr) return null_argument();
    *count = static_cast<int>(objects::devices().size());
    return {};
  });
}

CUresult cuDeviceGetName(char* name, int len, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (name == nullptr || len <= 0) return null_argument();
    std::strncpy(name, device.properties().name, static_cast<std::size_t>(len));
    name[len - 1] = '\0';
    return {};
  });
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (uuid == nullptr) return null_argument();
    std::memcpy(uuid->bytes, device.properties().uuid, sizeof uuid->bytes);
    return {};
  });
}

// A LUID names an adapter under Windows only.
CUresult cuDeviceGetLuid(char* luid, unsigned int* deviceNodeMask, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device&) {
    return not_supported("LUIDs exist under Windows only.");
  });
}

CUresult cuDeviceTotalMem(size_t* bytes, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (bytes == nullptr) return null_argument();
    *bytes = device.properties().total_memory;
    return {};
  });
}

CUresult cuDeviceGetTexture1DLinearMaxWidth(size_t* maxWidthInElements, CUarray_format format,
                                            unsigned numChannels, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device&) -> Status {
    if (maxWidthInElements == nullptr || numChannels == 0 || numChannels > 4)
      return invalid("The number of channels must be 1 to 4.");
    *maxWidthInElements = std::size_t(1) << 28;
    return {};
  });
}

CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (pi == nullptr) return null_argument();
    return store(objects::device_attribute(device, attrib), pi);
  });
}

CUresult cuDeviceGetPCIBusId(char* pciBusId, int len, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    const cuda_shim_device_properties& p = device.properties();
    std::string id = fmt::format("{:04X}:{:02X}:{:02X}.0", p.pci_domain, p.pci_bus, p.pci_device);
    if (pciBusId == nullptr || len <= 0 || static_cast<std::size_t>(len) <= id.size())
      return invalid(fmt::format("The buffer of {} bytes is too small for '{}'.", len, id));
    std::memcpy(pciBusId, id.c_str(), id.size() + 1);
    return {};
  });
}

CUresult cuDeviceGetByPCIBusId(CUdevice* dev, const char* pciBusId) {
  return in_process(__func__, [&]() -> Status {
    if (dev == nullptr || pciBusId == nullptr) return null_argument();
    std::optional<PciAddress> wanted = parse_pci_address(pciBusId);
    if (!wanted) return invalid(fmt::format("'{}' is no PCI bus id.", pciBusId));
    for (const auto& candidate : objects::devices()) {
      const cuda_shim_device_properties& p = candidate->properties();
      if (PciAddress{p.pci_domain, p.pci_bus, p.pci_device} != *wanted) continue;
      *dev = candidate->ordinal();
      return {};
    }
    return Status(StatusCode::kInvalidDevice,
                  fmt::format("No device has the PCI bus id '{}'.", pciBusId));
  });
}

CUresult cuDeviceGetExecAffinitySupport(int* pi, CUexecAffinityType type, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device&) -> Status {
    if (pi == nullptr) return null_argument();
    *pi = 0;
    return {};
  });
}

// Host memory is coherent: there are no remote writes to flush.
CUresult cuFlushGPUDirectRDMAWrites(CUflushGPUDirectRDMAWritesTarget target,
                                    CUflushGPUDirectRDMAWritesScope scope) {
  return in_context(__func__, [](Context&) {
    return not_supported("Devices do not take part in GPUDirect RDMA.");
  });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (major == nullptr || minor == nullptr) return null_argument();
    *major = static_cast<int>(device.properties().compute_major);
    *minor = static_cast<int>(device.properties().compute_minor);
    return {};
  });
}

CUresult cuDeviceGetProperties(CUdevprop* prop, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (prop == nullptr) return null_argument();
    const cuda_shim_device_properties& p = device.properties();
    *prop = {};
    prop->maxThreadsPerBlock = static_cast<int>(p.max_threads_per_block);
    for (int i = 0; i < 3; ++i) {
      prop->maxThreadsDim[i] = static_cast<int>(p.max_block[i]);
      prop->maxGridSize[i] = static_cast<int>(p.max_grid[i]);
    }
    prop->sharedMemPerBlock = static_cast<int>(p.shared_per_block);
    prop->totalConstantMemory = 65536;
    prop->SIMDWidth = static_cast<int>(p.warp_size);
    prop->memPitch = 2147483647;
    prop->regsPerBlock = static_cast<int>(p.registers_per_block);
    prop->clockRate = static_cast<int>(p.clock_khz);
    prop->textureAlign = 512;
    return {};
  });
}

}  // extern "C"
