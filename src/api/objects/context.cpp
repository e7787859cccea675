#include "api/objects/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/objects/allocations.h"
#include "api/objects/array.h"
#include "api/objects/event.h"
#include "api/objects/library.h"
#include "api/objects/memory_pool.h"
#include "api/objects/module.h"
#include "api/objects/texture.h"
#include "support/log.h"

namespace cuda_shim::objects {
namespace {

constinit std::atomic<std::uint64_t> next_activation = 1;

// All contexts of the process. The list is made on first use and never freed: applications call us
// from exit handlers.
constinit std::mutex all_mutex;  // guards the list
std::vector<Context*>& all_contexts() {
  static auto* list = new std::vector<Context*>;
  return *list;
}

// What NVIDIA's driver answers before anything is set.
constexpr std::size_t kDefaultLimits[CU_LIMIT_MAX] = {
    1024,     // CU_LIMIT_STACK_SIZE
    1 << 20,  // CU_LIMIT_PRINTF_FIFO_SIZE
    8 << 20,  // CU_LIMIT_MALLOC_HEAP_SIZE
    2,        // CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH
    2048,     // CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT
    64,       // CU_LIMIT_MAX_L2_FETCH_GRANULARITY
    0,        // CU_LIMIT_PERSISTING_L2_CACHE_SIZE
    0,       0,
};

// The device's limit of the same meaning, or -1.
int device_limit(CUlimit limit) {
  constexpr std::pair<CUlimit, cuda_shim_limit> kPairs[] = {
      {CU_LIMIT_STACK_SIZE, CUDA_SHIM_LIMIT_STACK},
      {CU_LIMIT_MALLOC_HEAP_SIZE, CUDA_SHIM_LIMIT_MALLOC_HEAP},
      {CU_LIMIT_PRINTF_FIFO_SIZE, CUDA_SHIM_LIMIT_PRINTF_FIFO},
  };
  for (auto [cuda, device] : kPairs)
    if (cuda == limit) return device;
  return -1;
}

bool known_limit(CUlimit limit) {
  return limit >= CU_LIMIT_STACK_SIZE && limit <= CU_LIMIT_PERSISTING_L2_CACHE_SIZE;
}

}  // namespace

Context::Context(Device& device, bool primary, unsigned flags, unsigned api_version)
    : device_(device), primary_(primary), api_version_(api_version), flags_(flags) {
  std::lock_guard lock(all_mutex);
  all_contexts().push_back(this);
}

Context::~Context() {
  {
    std::lock_guard lock(all_mutex);
    std::erase(all_contexts(), this);
  }
  std::lock_guard lock(retain_mutex_);
  deactivate();
}

Result<std::unique_ptr<Context>> Context::make(Device& device, unsigned flags,
                                               unsigned api_version) {
  std::unique_ptr<Context> context(new Context(device, false, flags, api_version));
  if (Status status = context->activate(); !status) return error(std::move(status));
  return context;
}

std::unique_ptr<Context> Context::make_primary(Device& device) {
  return std::unique_ptr<Context>(new Context(device, true, CU_CTX_SCHED_AUTO, 3020));
}

void Context::for_each(const std::function<void(Context&)>& visit) {
  std::lock_guard lock(all_mutex);
  for (Context* context : all_contexts()) visit(*context);
}

Status Context::activate() {
  Result<devices::Device> instance = device_.open();
  if (!instance) return std::move(instance.error());
  instance_ = std::move(*instance);
  Result<devices::Queue> queue = instance_.create_queue();
  if (!queue) return std::move(queue.error());
  auto shared = std::make_shared<WorkQueue>(std::move(*queue));
  {
    std::lock_guard lock(queues_mutex_);
    queues_.push_back(shared);
  }
  legacy_ = std::make_unique<Stream>(*this, StreamRole::kLegacy, 0, std::move(shared));
  stream_order_.set_legacy(legacy_.get());
  std::ranges::copy(kDefaultLimits, limits_);
  activation_.store(next_activation.fetch_add(1), std::memory_order_release);
  active_.store(true, std::memory_order_release);
  return {};
}

void Context::deactivate() {
  if (!active()) return;
  [[maybe_unused]] Status drained = synchronize();  // a fault ends with the context
  active_.store(false, std::memory_order_release);
  activation_.store(0, std::memory_order_release);
  {
    std::lock_guard lock(libraries_mutex_);
    library_modules_.clear();
  }
  events_.take_all();
  modules_.take_all();
  textures().erase_context(*this);
  arrays_.take_all();
  mipmapped_arrays_.take_all();
  for (std::unique_ptr<Stream>& stream : streams_.take_all()) stream_order_.remove(*stream);
  legacy_.reset();
  for (const std::shared_ptr<WorkQueue>& queue : queues()) queue->close();
  {
    std::lock_guard lock(queues_mutex_);
    queues_.clear();
  }
  allocations().erase_context(*this);
  MemoryPool::forget(*this);
  instance_ = {};
  timestamps_.clear();
}

Status Context::check() const {
  cuda_shim_fault fault = instance_.fault();
  if (fault.code == 0) return {};
  return Status(static_cast<StatusCode>(fault.code),
                fmt::format("The context is unusable since kernel '{}' failed.",
                            fault.kernel ? fault.kernel : "?"));
}

Status Context::synchronize() {
  for (const std::shared_ptr<WorkQueue>& queue : queues())
    if (Status status = queue->drain(); !status) return status;
  reap();
  return check();
}

Status Context::retain() {
  std::lock_guard lock(retain_mutex_);
  if (!active())
    if (Status status = activate(); !status) return status;
  ++retained_;
  return {};
}

Status Context::release() {
  std::lock_guard lock(retain_mutex_);
  if (retained_ == 0)
    return Status(
        StatusCode::kInvalidContext,
        fmt::format("The primary context of device {} is not retained.", device_.ordinal()));
  if (--retained_ == 0) deactivate();
  return {};
}

void Context::reset() {
  std::lock_guard lock(retain_mutex_);
  deactivate();
}

Result<Stream*> Context::create_stream(StreamRole role, int priority) {
  reap();
  Result<devices::Queue> queue = instance_.create_queue(priority);
  if (!queue) return error(std::move(queue.error()));
  auto shared = std::make_shared<WorkQueue>(std::move(*queue));
  {
    std::lock_guard lock(queues_mutex_);
    queues_.push_back(shared);
  }
  Stream* stream = streams_.add(std::make_unique<Stream>(*this, role, priority, std::move(shared)));
  stream_order_.add(*stream);
  return stream;
}

void Context::destroy_stream(Stream& stream) {
  std::unique_ptr<Stream> taken = streams_.take(&stream);
  if (taken == nullptr) return;
  stream_order_.remove(*taken);
  taken.reset();
  reap();
}

std::vector<std::shared_ptr<WorkQueue>> Context::queues() {
  std::lock_guard lock(queues_mutex_);
  return queues_;
}

// Lets go of the queues that no stream has any more, once their work is done.
void Context::reap() {
  std::vector<std::shared_ptr<WorkQueue>>
      ended;  // their device queues end after the lock is released
  std::lock_guard lock(queues_mutex_);
  std::erase_if(queues_, [&](std::shared_ptr<WorkQueue>& queue) {
    if (queue.use_count() > 1 || !queue->idle()) return false;
    ended.push_back(std::move(queue));
    return true;
  });
}

Result<Module*> Context::library_module(Library& library) {
  std::lock_guard lock(libraries_mutex_);
  for (auto& [known, module] : library_modules_)
    if (known == &library) return module;
  Result<std::unique_ptr<Module>> made = Module::make(*this, library.program(), &library);
  if (!made) return error(std::move(made.error()));
  Module* module = modules_.add(std::move(*made));
  library_modules_.emplace_back(&library, module);
  return module;
}

void Context::drop_library(const Library& library) {
  Module* module = nullptr;
  {
    std::lock_guard lock(libraries_mutex_);
    auto found =
        std::ranges::find(library_modules_, &library, [](auto& pair) { return pair.first; });
    if (found == library_modules_.end()) return;
    module = found->second;
    library_modules_.erase(found);
  }
  [[maybe_unused]] Status drained = synchronize();
  modules_.take(module);
}

bool Context::enable_peer(const Context& peer) {
  std::lock_guard lock(limits_mutex_);
  if (std::ranges::find(peers_, peer.handle()) != peers_.end()) return false;
  peers_.push_back(peer.handle());
  return true;
}

bool Context::disable_peer(const Context& peer) {
  std::lock_guard lock(limits_mutex_);
  return std::erase(peers_, peer.handle()) != 0;
}

Status Context::limit(CUlimit limit, std::size_t* value) const {
  if (!known_limit(limit))
    return Status(StatusCode::kUnsupportedLimit,
                  fmt::format("Limit {} is unknown.", static_cast<int>(limit)));
  std::lock_guard lock(limits_mutex_);
  *value = limits_[limit];
  return {};
}

Status Context::set_limit(CUlimit limit, std::size_t value) {
  if (!known_limit(limit))
    return Status(StatusCode::kUnsupportedLimit,
                  fmt::format("Limit {} is unknown.", static_cast<int>(limit)));
  if (int number = device_limit(limit); number >= 0) {
    Status status = instance_.set_limit(static_cast<cuda_shim_limit>(number), value);
    if (!status && status.code() != StatusCode::kUnsupportedLimit) return status;
  }
  std::lock_guard lock(limits_mutex_);
  limits_[limit] = value;
  return {};
}

}  // namespace cuda_shim::objects
