#include "api/objects/allocations.h"

#include <sys/mman.h>

#include <mutex>

#include "api/objects/managed_hints.h"

namespace cuda_shim::objects {

Allocations& allocations() {
  static auto* map = new Allocations;  // never freed: applications free memory in exit handlers
  return *map;
}

void Allocations::drop_stale(const Allocation& fresh) {
  auto entry = by_base_.upper_bound(fresh.base);
  if (entry != by_base_.begin() && std::prev(entry)->second.holds(fresh.base, 1)) --entry;
  while (entry != by_base_.end() &&
         (entry->first < fresh.base || entry->first - fresh.base < fresh.bytes))
    entry =
        entry->second.kind == MemoryKind::kRegistered ? by_base_.erase(entry) : std::next(entry);
}

bool Allocations::insert(Allocation allocation) {
  std::unique_lock lock(mutex_);
  if (allocation.kind != MemoryKind::kRegistered) drop_stale(allocation);
  auto next = by_base_.lower_bound(allocation.base);
  if (next != by_base_.end() && next->first - allocation.base < allocation.bytes) return false;
  if (next != by_base_.begin() && std::prev(next)->second.holds(allocation.base, 1)) return false;
  allocation.id = next_id_++;
  by_base_.emplace_hint(next, allocation.base, allocation);
  return true;
}

std::optional<Allocation> Allocations::find(std::uint64_t address) const {
  std::shared_lock lock(mutex_);
  auto after = by_base_.upper_bound(address);
  if (after == by_base_.begin()) return std::nullopt;
  const Allocation& candidate = std::prev(after)->second;
  return candidate.holds(address, 1) ? std::optional(candidate) : std::nullopt;
}

bool Allocations::is_mapped(std::uint64_t address, std::uint64_t bytes) const {
  std::shared_lock lock(mutex_);
  auto entry = by_base_.upper_bound(address);
  if (entry == by_base_.begin()) return false;
  for (--entry; entry != by_base_.end(); ++entry) {
    const Allocation& part = entry->second;
    if (part.kind != MemoryKind::kVirtual || !part.holds(address, 1)) return false;
    std::uint64_t rest = part.bytes - (address - part.base);
    if (bytes <= rest) return true;
    address += rest;
    bytes -= rest;
  }
  return false;
}

bool Allocations::set_sync_memops(std::uint64_t address, bool on) {
  std::unique_lock lock(mutex_);
  auto after = by_base_.upper_bound(address);
  if (after == by_base_.begin() || !std::prev(after)->second.holds(address, 1)) return false;
  std::prev(after)->second.sync_memops = on;
  return true;
}

std::optional<Allocation> Allocations::erase(std::uint64_t base, MemoryKind kind) {
  std::unique_lock lock(mutex_);
  auto found = by_base_.find(base);
  if (found == by_base_.end() || found->second.kind != kind) return std::nullopt;
  Allocation taken = found->second;
  by_base_.erase(found);
  if (kind == MemoryKind::kManaged) managed_hints().forget(taken.base, taken.bytes);
  return taken;
}

void Allocations::erase_context(const Context& context) {
  std::unique_lock lock(mutex_);
  for (auto entry = by_base_.begin(); entry != by_base_.end();) {
    const Allocation& allocation = entry->second;
    if (allocation.context != &context) {
      ++entry;
      continue;
    }
    if (allocation.kind == MemoryKind::kHost)
      ::munmap(reinterpret_cast<void*>(allocation.base), allocation.bytes);  // the kernel rounds up
    if (allocation.kind == MemoryKind::kManaged)
      managed_hints().forget(allocation.base, allocation.bytes);
    entry = by_base_.erase(entry);
  }
}

}  // namespace cuda_shim::objects
