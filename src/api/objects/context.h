#pragma once
// Contexts: what a program works in. Each has an instance of the device of its own, so that a
// kernel fault spoils this context and no other (DESIGN: a fault is per context and sticky).
//
// A context made by cuCtxCreate lives until cuCtxDestroy. The primary context of a device keeps its
// handle for ever; retaining makes it active, the last release or a reset ends all that it holds,
// and a later retain starts it afresh. A reset does not release: who retained still has to.

#include <cuda.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "api/objects/device.h"
#include "api/objects/handle.h"
#include "api/objects/owned_set.h"
#include "api/objects/stream.h"
#include "api/objects/timestamps.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

class Array;
class Event;
class Library;
class MipmappedArray;
class Module;

class Context {
 public:
  static constexpr Kind kKind = Kind::kContext;
  using CHandle = CUcontext;

  static Result<std::unique_ptr<Context>> make(Device& device, unsigned flags,
                                               unsigned api_version);
  static std::unique_ptr<Context> make_primary(Device& device);
  ~Context();

  CUcontext handle() const { return handle_.as<CUcontext>(); }
  Device& device() const { return device_; }
  devices::Device& instance() { return instance_; }
  bool is_primary() const { return primary_; }
  /// False for a primary context that nobody retains.
  bool active() const { return active_.load(std::memory_order_acquire); }
  /// Unique among all activations of all contexts; caches compare it.
  std::uint64_t activation() const { return activation_.load(std::memory_order_acquire); }
  unsigned api_version() const { return api_version_; }
  unsigned flags() const { return flags_.load(std::memory_order_relaxed); }
  void set_flags(unsigned flags) { flags_.store(flags, std::memory_order_relaxed); }

  /// The sticky error of the context: success, or the first fault of its kernels.
  Status check() const;
  /// Waits for all streams, then check().
  Status synchronize();

  // --- Primary contexts
  Status retain();
  /// kInvalidContext if it is not retained.
  Status release();
  void reset();

  // --- Streams
  StreamOrder& stream_order() { return stream_order_; }
  Stream& legacy_stream() { return *legacy_; }
  /// The calling thread's default stream.
  Result<Stream*> thread_stream();
  Result<Stream*> create_stream(StreamRole role, int priority);
  void destroy_stream(Stream& stream);

  OwnedSet<Event>& events() { return events_; }
  OwnedSet<Module>& modules() { return modules_; }
  OwnedSet<Array>& arrays() { return arrays_; }
  OwnedSet<MipmappedArray>& mipmapped_arrays() { return mipmapped_arrays_; }
  TimestampPool& timestamps() { return timestamps_; }
  /// The library's module in this context, made on first use.
  Result<Module*> library_module(Library& library);
  /// Unloads the library's module here, if there is one.
  void drop_library(const Library& library);

  /// False if access was enabled already, or was not.
  bool enable_peer(const Context& peer);
  bool disable_peer(const Context& peer);

  Status limit(CUlimit limit, std::size_t* value) const;
  Status set_limit(CUlimit limit, std::size_t value);
  std::atomic<CUfunc_cache> cache_config = CU_FUNC_CACHE_PREFER_NONE;

  /// Calls visit for every context of the process.
  static void for_each(const std::function<void(Context&)>& visit);

 private:
  Context(Device& device, bool primary, unsigned flags, unsigned api_version);

  Status activate();
  void deactivate();
  std::vector<std::shared_ptr<WorkQueue>> queues();
  void reap();

  Device& device_;
  const bool primary_;
  const unsigned api_version_;
  std::atomic<unsigned> flags_;
  std::atomic<bool> active_ = false;
  std::atomic<std::uint64_t> activation_ = 0;
  std::mutex retain_mutex_;  // guards retained_, activation and deactivation
  unsigned retained_ = 0;

  devices::Device instance_;
  TimestampPool timestamps_;
  StreamOrder stream_order_;
  std::unique_ptr<Stream> legacy_;
  OwnedSet<Stream> streams_;
  std::mutex queues_mutex_;  // guards queues_
  std::vector<std::shared_ptr<WorkQueue>>
      queues_;  // of live streams, and of destroyed ones with pending work
  OwnedSet<Event> events_;
  OwnedSet<Module> modules_;
  OwnedSet<Array> arrays_;
  OwnedSet<MipmappedArray> mipmapped_arrays_;
  std::mutex libraries_mutex_;  // guards library_modules_
  std::vector<std::pair<const Library*, Module*>> library_modules_;
  mutable std::mutex limits_mutex_;  // guards limits_ and peers_
  std::vector<CUcontext> peers_;
  std::size_t limits_[CU_LIMIT_MAX] = {};
  OwnedHandle<Context> handle_{this};
};

// --- The calling thread's stack of current contexts

/// The current context's handle; null if there is none. It may be that of a destroyed context.
CUcontext current_handle();
/// The current context, active. kInvalidContext: none; kContextIsDestroyed: it is gone;
/// kNotPermitted: in a host function.
Result<Context*> current_context();
void push_current(CUcontext context);
/// Null if the stack is empty.
CUcontext pop_current();
/// Replaces the top; null pops it.
void set_current(CUcontext context);

/// While one lives, a host function of the application runs on the thread. It may not call CUDA:
/// waiting there would be for itself. current_context() answers kNotPermitted.
class HostFunctionScope {
 public:
  HostFunctionScope();
  ~HostFunctionScope();
  HostFunctionScope(const HostFunctionScope&) = delete;
  HostFunctionScope& operator=(const HostFunctionScope&) = delete;
};
bool in_host_function();
Status not_permitted();

}  // namespace cuda_shim::objects
