#include "api/objects/managed_hints.h"

namespace cuda_shim::objects {

ManagedHints& managed_hints() {
  static auto* hints = new ManagedHints;  // never freed: applications free memory in exit handlers
  return *hints;
}

// Makes `at` a border between parts.
void ManagedHints::split(std::uint64_t at) {
  auto after = parts_.upper_bound(at);
  if (after == parts_.begin()) return;
  auto holds = std::prev(after);
  if (holds->first == at || holds->second.end <= at) return;
  parts_.emplace(at, holds->second);
  holds->second.end = at;
}

void ManagedHints::update(std::uint64_t address, std::uint64_t bytes,
                          const std::function<void(ManagedHint&)>& change) {
  std::lock_guard lock(mutex_);
  std::uint64_t end = address + bytes;
  split(address);
  split(end);
  for (std::uint64_t at = address; at < end;) {
    auto next = parts_.lower_bound(at);
    if (next == parts_.end() || next->first > at) {
      std::uint64_t gap_end = next == parts_.end() ? end : std::min(end, next->first);
      next = parts_.emplace_hint(next, at, Part{gap_end, {}});
    }
    change(next->second.hint);
    at = next->second.end;
  }
}

void ManagedHints::visit(std::uint64_t address, std::uint64_t bytes,
                         const std::function<void(const ManagedHint&)>& visit) {
  std::lock_guard lock(mutex_);
  std::uint64_t end = address + bytes;
  for (std::uint64_t at = address; at < end;) {
    auto after = parts_.upper_bound(at);
    if (after != parts_.begin() && std::prev(after)->second.end > at) {
      visit(std::prev(after)->second.hint);
      at = std::prev(after)->second.end;
    } else {
      visit(ManagedHint{});
      at = after == parts_.end() ? end : after->first;
    }
  }
}

void ManagedHints::forget(std::uint64_t address, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  split(address);
  split(address + bytes);
  parts_.erase(parts_.lower_bound(address), parts_.lower_bound(address + bytes));
}

}  // namespace cuda_shim::objects
