#pragma once
// The devices that this process offers, and typed wrappers around the device table.
//
// A backend (cpu, null, a plug-in) is a C table of functions (include/cuda_shim/device.h). The
// registry turns the option DEVICE into one list of devices. The wrappers own what the table hands
// out, and turn a status code and the sentence that the backend reported on the way into a Status.
// They add nothing else: one call, one table entry.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"

namespace cuda_shim::devices {

/// Status of a table call: `code`, with the sentence that the backend reported on this thread since
/// the last one was taken.
Status to_status(cuda_shim_status code);

/// A kernel that is ready to run. Owns the backend's executable; must not outlive its Device.
class Executable {
 public:
  Executable() = default;
  Executable(const cuda_shim_backend* backend, cuda_shim_executable handle)
      : backend_(backend), handle_(handle) {}
  Executable(Executable&& other) noexcept
      : backend_(other.backend_), handle_(std::exchange(other.handle_, nullptr)) {}
  Executable& operator=(Executable&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Executable() {
    if (handle_) backend_->unload(handle_);
  }

  cuda_shim_executable handle() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }
  /// Noughts where the device does not count.
  cuda_shim_usage usage() const;

 private:
  const cuda_shim_backend* backend_ = nullptr;
  cuda_shim_executable handle_ = nullptr;
};

/// An in-order, asynchronous sequence of work. Destruction waits for its work; must not outlive its
/// Device.
///
/// Thread-safe. A Queue named as `other` in wait() must be alive at the call only.
class Queue {
 public:
  Queue() = default;
  Queue(const cuda_shim_backend* backend, cuda_shim_queue handle)
      : backend_(backend), handle_(handle) {}
  Queue(Queue&& other) noexcept
      : backend_(other.backend_), handle_(std::exchange(other.handle_, nullptr)) {}
  Queue& operator=(Queue&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Queue() {
    if (handle_) backend_->destroy_queue(handle_);
  }

  Status launch(const cuda_shim_launch& launch) {
    return to_status(backend_->launch(handle_, &launch));
  }
  Status copy(const cuda_shim_copy& copy) { return to_status(backend_->copy(handle_, &copy)); }
  Status fill(const cuda_shim_fill& fill) { return to_status(backend_->fill(handle_, &fill)); }
  Status host_call(void (*function)(void*), void* argument) {
    return to_status(backend_->host_call(handle_, function, argument));
  }
  /// The point that marks the end of the work submitted so far.
  Result<std::uint64_t> signal();
  Status wait(const Queue& other, std::uint64_t point) {
    return to_status(backend_->wait(handle_, other.handle_, point));
  }
  bool reached(std::uint64_t point) const { return backend_->reached(handle_, point) != 0; }
  Status synchronize(std::uint64_t point) {
    return to_status(backend_->synchronize(handle_, point));
  }
  /// Signals, then waits for that point.
  Status drain();
  /// Once all earlier work is done, writes nanoseconds of a monotonic clock to `*destination`.
  Status timestamp(std::uint64_t* destination);

  cuda_shim_queue handle() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  const cuda_shim_backend* backend_ = nullptr;
  cuda_shim_queue handle_ = nullptr;
};

/// One device that can be opened.
struct Offer {
  const cuda_shim_backend* backend;
  std::uint32_t ordinal;  ///< within the backend
};

/// Bytes of a device's memory.
struct MemoryInfo {
  std::uint64_t free_bytes;
  std::uint64_t total_bytes;
};

/// An open instance of a device; one for each context. Destruction waits for its work and frees its
/// memory.
class Device {
 public:
  static Result<Device> open(const Offer& offer);

  Device() = default;
  Device(Device&& other) noexcept
      : backend_(other.backend_), handle_(std::exchange(other.handle_, nullptr)) {}
  Device& operator=(Device&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Device() {
    if (handle_) backend_->close(handle_);
  }

  Result<cuda_shim_device_properties> properties() const;
  Result<cuda_shim_target> target() const;

  /// Address of `bytes` (at least 1) aligned to `alignment` (a power of two; 256 at least is
  /// given).
  Result<std::uint64_t> allocate(std::size_t bytes, std::size_t alignment = 256);
  Status free(std::uint64_t address) { return to_status(backend_->free(handle_, address)); }
  Result<MemoryInfo> memory_info() const;

  Result<Executable> load(const cuda_shim_code_object& code);
  /// A smaller `priority` runs earlier where the device can.
  Result<Queue> create_queue(int priority = 0);

  /// The instance's first fault; code 0: none.
  cuda_shim_fault fault() const;
  /// kUnsupportedLimit where the device has no such limit.
  Status set_limit(cuda_shim_limit limit, std::uint64_t value);

  const cuda_shim_backend* backend() const { return backend_; }
  cuda_shim_device handle() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Device(const cuda_shim_backend* backend, cuda_shim_device handle)
      : backend_(backend), handle_(handle) {}

  const cuda_shim_backend* backend_ = nullptr;
  cuda_shim_device handle_ = nullptr;
};

/// The list of offered devices.
class Registry {
 public:
  /// Loads the backends that `list` names, comma-separated: "cpu", "null", or the path of a plug-in
  /// (it contains a '/').
  static Result<Registry> open(std::string_view list);

  /// The process's registry, after the option DEVICE; opened on the first call. An error stays.
  static const Result<Registry>& process();

  std::span<const Offer> offers() const { return offers_; }

 private:
  std::vector<Offer> offers_;
};

}  // namespace cuda_shim::devices
