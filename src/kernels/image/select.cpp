// Ranks the images of a module by how well they suit a device.

#include "kernels/image/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace cuda_shim::kernels::image {
namespace {

/// Larger is better; compared from the first member on.
using Rank = std::tuple<int, int, int>;

enum Fit { kForeign = 0, kAbove = 1, kUsable = 2, kExact = 3 };

Fit fit_of(const Entry& entry, unsigned compute) {
  const bool same_family = entry.compute / 10 == compute / 10 && entry.compute <= compute;
  if (entry.flags & kArchitectureSpecific) return entry.compute == compute ? kExact : kForeign;
  if (entry.flags & kFamilySpecific) return same_family ? kUsable : kForeign;
  return entry.compute <= compute ? kUsable : kAbove;
}

/// Below the device's capability newer is better, above it older is.
Rank rank_of(const Entry& entry, unsigned compute) {
  const Fit fit = fit_of(entry, compute);
  const int age = static_cast<int>(entry.compute);
  return {fit, entry.compute <= compute ? 1 : 0, entry.compute <= compute ? age : -age};
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

/// "sm_75", each once.
std::vector<std::string> architectures(std::span<const Entry> entries, EntryKind kind) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    const std::string name = fmt::format("sm_{}", entry.compute);
    if (entry.kind == kind && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

}  // namespace

const Entry* choose_ptx(std::span<const Entry> entries, unsigned compute) {
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (entry.kind != kPtxEntry) continue;
    if (!best || rank_of(entry, compute) > rank_of(*best, compute)) best = &entry;
  }
  return best;
}

std::string describe_without_ptx(std::span<const Entry> entries) {
  const auto machine_code = architectures(entries, kMachineCodeEntry);
  if (!machine_code.empty()) return "machine code for " + join(machine_code);
  const auto lto = architectures(entries, kLtoEntry);
  if (!lto.empty()) return "link-time intermediate code for " + join(lto);
  return "no code";
}

}  // namespace cuda_shim::kernels::image
