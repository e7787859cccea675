#include "api/objects/memory_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/objects/context.h"
#include "api/objects/device.h"

namespace cuda_shim::objects {
namespace {

// All pools, for contexts that end. Made on first use and never freed: applications call us from
// exit handlers.
constinit std::mutex all_mutex;  // guards the list; taken before a pool's own
std::vector<MemoryPool*>& all_pools() {
  static auto* list = new std::vector<MemoryPool*>;
  return *list;
}

Status bad(std::string message) {
  return Status(StatusCode::kInvalidValue, std::move(message));
}

Status no_attribute(CUmemPool_attribute attribute) {
  return bad(fmt::format("Attribute {} of memory pools does not exist or cannot be set so.",
                         static_cast<int>(attribute)));
}

}  // namespace

MemoryPool::MemoryPool(Device& device, std::uint64_t most_bytes)
    : device_(device), most_bytes_(most_bytes) {
  std::lock_guard lock(all_mutex);
  all_pools().push_back(this);
}

MemoryPool::~MemoryPool() {
  std::lock_guard lock(all_mutex);
  std::erase(all_pools(), this);
}

// A kept block that is large enough, but not more than twice as large as asked for.
Result<std::uint64_t> MemoryPool::take_kept(const Context& context, std::size_t bytes) {
  for (auto kept = kept_.lower_bound(bytes); kept != kept_.end() && kept->first / 2 <= bytes;
       ++kept) {
    auto [owner, address] = kept->second;
    if (owner != &context) continue;
    in_use_.emplace(address, Block{owner, kept->first});
    used_.add(kept->first);
    kept_.erase(kept);
    return address;
  }
  return error(StatusCode::kNotFound, {});
}

Result<std::uint64_t> MemoryPool::take(Context& context, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  if (Result<std::uint64_t> kept = take_kept(context, bytes)) return kept;
  if (most_bytes_ != 0 && (bytes > most_bytes_ || reserved_.now > most_bytes_ - bytes))
    trim_locked(bytes > most_bytes_ ? 0 : most_bytes_ - bytes);
  if (most_bytes_ != 0 && (bytes > most_bytes_ || reserved_.now > most_bytes_ - bytes))
    return error(StatusCode::kOutOfMemory,
                 fmt::format("{} bytes more than the {} in use exceed the pool's limit of {}.",
                             bytes, used_.now, most_bytes_));
  Result<std::uint64_t> address = context.instance().allocate(bytes);
  if (!address && !kept_.empty()) {
    trim_locked(0);
    address = context.instance().allocate(bytes);
  }
  if (!address) return address;
  in_use_.emplace(*address, Block{&context, bytes});
  used_.add(bytes);
  reserved_.add(bytes);
  return address;
}

void MemoryPool::give(std::uint64_t address) {
  std::lock_guard lock(mutex_);
  auto node = in_use_.extract(address);
  if (!node) return;
  Block block = node.mapped();
  used_.now -= block.bytes;
  kept_.emplace(block.bytes, std::pair(block.context, address));
  trim_locked(threshold_);
}

void MemoryPool::trim(std::uint64_t keep) {
  std::lock_guard lock(mutex_);
  trim_locked(keep);
}

void MemoryPool::trim_locked(std::uint64_t keep) {
  while (reserved_.now > keep && !kept_.empty()) {
    auto largest = std::prev(kept_.end());
    auto [context, address] = largest->second;
    [[maybe_unused]] Status freed = context->instance().free(address);
    reserved_.now -= largest->first;
    kept_.erase(largest);
  }
}

void MemoryPool::close() {
  std::lock_guard lock(mutex_);
  threshold_ = 0;
  trim_locked(0);
}

void MemoryPool::forget_locked(const Context& context) {
  std::erase_if(in_use_, [&](auto& entry) {
    if (entry.second.context != &context) return false;
    used_.now -= entry.second.bytes;
    reserved_.now -= entry.second.bytes;
    return true;
  });
  std::erase_if(kept_, [&](auto& entry) {
    if (entry.second.first != &context) return false;
    reserved_.now -= entry.first;
    return true;
  });
}

void MemoryPool::forget(const Context& context) {
  std::lock_guard all_lock(all_mutex);
  for (MemoryPool* pool : all_pools()) {
    std::lock_guard lock(pool->mutex_);
    pool->forget_locked(context);
  }
}

MemoryPool::Gauge* MemoryPool::gauge(CUmemPool_attribute attribute) {
  if (attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT ||
      attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH)
    return &reserved_;
  if (attribute == CU_MEMPOOL_ATTR_USED_MEM_CURRENT || attribute == CU_MEMPOOL_ATTR_USED_MEM_HIGH)
    return &used_;
  return nullptr;
}

int* MemoryPool::reuse_rule(CUmemPool_attribute attribute) {
  int index = static_cast<int>(attribute) - CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES;
  return index >= 0 && index < 3 ? &reuse_[index] : nullptr;
}

Status MemoryPool::attribute(CUmemPool_attribute attribute, void* value) {
  bool high =
      attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH || attribute == CU_MEMPOOL_ATTR_USED_MEM_HIGH;
  std::lock_guard lock(mutex_);
  if (int* rule = reuse_rule(attribute))
    *static_cast<int*>(value) = *rule;
  else if (Gauge* read = gauge(attribute))
    *static_cast<cuuint64_t*>(value) = high ? read->high : read->now;
  else if (attribute == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)
    *static_cast<cuuint64_t*>(value) = threshold_;
  else
    return no_attribute(attribute);
  return {};
}

Status MemoryPool::set_attribute(CUmemPool_attribute attribute, const void* value) {
  bool high =
      attribute == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH || attribute == CU_MEMPOOL_ATTR_USED_MEM_HIGH;
  std::lock_guard lock(mutex_);
  if (int* rule = reuse_rule(attribute)) {
    *rule = *static_cast<const int*>(value) != 0;
  } else if (attribute == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD) {
    threshold_ = *static_cast<const cuuint64_t*>(value);
    trim_locked(threshold_);
  } else if (high && *static_cast<const cuuint64_t*>(value) == 0) {
    Gauge* reset = gauge(attribute);
    reset->high = reset->now;
  } else {
    return no_attribute(attribute);
  }
  return {};
}

CUmemAccess_flags MemoryPool::access(const Device& device) {
  if (&device == &device_) return CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  std::lock_guard lock(mutex_);
  auto found = access_.find(&device);
  return found == access_.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : found->second;
}

Status MemoryPool::set_access(const Device& device, CUmemAccess_flags flags) {
  bool known = flags == CU_MEM_ACCESS_FLAGS_PROT_NONE || flags == CU_MEM_ACCESS_FLAGS_PROT_READ ||
               flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  bool own = &device == &device_;
  if (!known || (own && flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE))
    return bad(fmt::format("Access {} cannot be given to device {}.", static_cast<int>(flags),
                           device.ordinal()));
  if (own) return {};
  std::lock_guard lock(mutex_);
  access_[&device] = flags;
  return {};
}

DevicePools::DevicePools(Device& device)
    : device_(device), standard_(std::make_shared<MemoryPool>(device, 0)), current_(standard_) {}

std::shared_ptr<MemoryPool> DevicePools::current() {
  std::lock_guard lock(mutex_);
  return current_;
}

void DevicePools::set_current(std::shared_ptr<MemoryPool> pool) {
  std::lock_guard lock(mutex_);
  current_ = std::move(pool);
}

MemoryPool& DevicePools::make(std::uint64_t most_bytes) {
  auto pool = std::make_shared<MemoryPool>(device_, most_bytes);
  std::lock_guard lock(mutex_);
  return *made_.emplace_back(std::move(pool));
}

std::shared_ptr<MemoryPool> DevicePools::find(const MemoryPool* pool) {
  if (pool == standard_.get()) return standard_;
  std::lock_guard lock(mutex_);
  auto found = std::ranges::find(made_, pool, &std::shared_ptr<MemoryPool>::get);
  return found == made_.end() ? nullptr : *found;
}

Status DevicePools::remove(const MemoryPool& pool) {
  std::shared_ptr<MemoryPool> ended;
  {
    std::lock_guard lock(mutex_);
    auto found = std::ranges::find(made_, &pool, &std::shared_ptr<MemoryPool>::get);
    if (found == made_.end())
      return bad("The pool is a device's own, or has been destroyed before.");
    ended = std::move(*found);
    made_.erase(found);
    if (current_ == ended) current_ = standard_;
  }
  ended->close();
  return {};
}

std::shared_ptr<MemoryPool> find_pool(CUmemoryPool handle) {
  const MemoryPool* wanted = find<MemoryPool>(handle);
  if (wanted == nullptr) return nullptr;
  for (const std::unique_ptr<Device>& device : devices())
    if (std::shared_ptr<MemoryPool> pool = device->pools().find(wanted)) return pool;
  return nullptr;
}

}  // namespace cuda_shim::objects
