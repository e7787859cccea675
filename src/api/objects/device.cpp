// The list of devices: what the backends offer, cut down by CUDA_VISIBLE_DEVICES.
#include "api/objects/device.h"

#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "api/objects/context.h"
#include "api/objects/memory_pool.h"

namespace cuda_shim::objects {
namespace {

using DeviceList = std::vector<std::unique_ptr<Device>>;

// CUDA_VISIBLE_DEVICES: ordinals in the order wanted; the first entry that names no device ends the
// list, as NVIDIA documents.
std::vector<devices::Offer> visible(std::span<const devices::Offer> all) {
  const char* text = std::getenv("CUDA_VISIBLE_DEVICES");
  if (text == nullptr) return {all.begin(), all.end()};
  std::vector<devices::Offer> chosen;
  const char* end = text + std::string_view(text).size();
  while (text < end) {
    int number = -1;
    auto [next, failure] = std::from_chars(text, end, number);
    if (failure != std::errc() || number < 0 || static_cast<std::size_t>(number) >= all.size())
      break;
    chosen.push_back(all[number]);
    text = next < end && *next == ',' ? next + 1 : end;
  }
  return chosen;
}

Status open_devices(DeviceList& list) {
  const Result<devices::Registry>& registry = devices::Registry::process();
  if (!registry) return Status(registry.error().code(), std::string(registry.error().message()));
  for (const devices::Offer& offer : visible(registry->offers())) {
    auto device = std::make_unique<Device>(offer, static_cast<int>(list.size()));
    if (Status status = device->describe(); !status) return status;
    list.push_back(std::move(device));
  }
  if (list.empty())
    return Status(StatusCode::kNoDevice,
                  "No device is visible (see CUDA_VISIBLE_DEVICES and CUDA_SHIM_DEVICE).");
  return {};
}

// Never freed: applications call us from their own exit handlers.
constinit std::mutex open_mutex;
constinit std::atomic<DeviceList*> open_list = nullptr;
constinit std::atomic<bool> forked = false;

// The child of a fork has the parent's objects but none of its threads: waiting for work would
// never end. As with NVIDIA's driver, nothing works there.
void give_up_in_child() {
  forked.store(true, std::memory_order_release);
  open_list.store(nullptr, std::memory_order_release);
}

}  // namespace

Device::Device(const devices::Offer& offer, int ordinal)
    : offer_(offer), ordinal_(ordinal), pools_(std::make_unique<DevicePools>(*this)) {}

Device::~Device() = default;

Status Device::describe() {
  Result<devices::Device> instance = open();
  if (!instance) return std::move(instance.error());
  Result<cuda_shim_device_properties> properties = instance->properties();
  if (!properties) return std::move(properties.error());
  Result<cuda_shim_target> target = instance->target();
  if (!target) return std::move(target.error());
  properties_ = *properties;
  target_ = *target;
  return {};
}

Context& Device::primary() {
  std::call_once(primary_made_, [this] { primary_ = Context::make_primary(*this); });
  return *primary_;
}

Status initialize() {
  if (initialized()) return {};
  if (forked.load(std::memory_order_acquire))
    return Status(StatusCode::kNotInitialized,
                  "The process was forked from one that had initialised CUDA.");
  std::lock_guard lock(open_mutex);
  if (initialized()) return {};
  auto list = std::make_unique<DeviceList>();
  if (Status status = open_devices(*list); !status) return status;
  if (int failure = ::pthread_atfork(nullptr, nullptr, give_up_in_child); failure != 0)
    return Status(StatusCode::kOperatingSystem,
                  fmt::format("pthread_atfork failed: {}.", std::strerror(failure)));
  open_list.store(list.release(), std::memory_order_release);
  return {};
}

bool initialized() {
  return open_list.load(std::memory_order_acquire) != nullptr;
}

std::span<const std::unique_ptr<Device>> devices() {
  const DeviceList* list = open_list.load(std::memory_order_acquire);
  return list ? std::span<const std::unique_ptr<Device>>(*list)
              : std::span<const std::unique_ptr<Device>>();
}

Device* find_device(int ordinal) {
  std::span<const std::unique_ptr<Device>> all = devices();
  return ordinal >= 0 && static_cast<std::size_t>(ordinal) < all.size() ? all[ordinal].get()
                                                                        : nullptr;
}

}  // namespace cuda_shim::objects
