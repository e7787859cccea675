#include "api/objects/explanation.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "api/objects/context.h"
#include "api/objects/module.h"
#include "support/options.h"

namespace cuda_shim::objects {
namespace {

/// One kernel for one size of block, in whatever contexts.
struct Row {
  cuda_shim_kernel_info info = {};
  std::string engine;
  std::string remarks;
  std::chrono::nanoseconds wait{0};
  cuda_shim_usage usage = {};
};

std::string readable(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

std::string threads_of(const Row& row) {
  if (row.info.lanes <= 1) return "threads one by one";
  return fmt::format("{} threads at a time{}", row.info.lanes,
                     row.info.traits & CUDA_SHIM_KERNEL_GROUPS_ROWS ? ", row by row" : "");
}

std::string_view waiting_of(const Row& row) {
  if (row.info.traits & CUDA_SHIM_KERNEL_BLOCKS_ABREAST)
    return "; nobody waits: a block in one call, or several side by side";
  if (row.info.traits & CUDA_SHIM_KERNEL_RUNS_BLOCKS) return "; nobody waits: a block in one call";
  if (row.info.traits & CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS)
    return "; returns at its barriers, where all groups take turns";
  if (row.info.traits & CUDA_SHIM_KERNEL_RESUMES) return "; returns where it waits, and is resumed";
  return row.info.traits & CUDA_SHIM_KERNEL_NEEDS_FIBERS ? "; waits on stacks of its threads' own"
                                                         : "";
}

double milliseconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

class Explanation {
 public:
  void add(const Function& function, const Function::Version& version,
           std::chrono::nanoseconds wait) {
    const cuda_shim_dim3& block = version.block;
    std::lock_guard lock(mutex_);
    Row& row = rows_[{function.name(), block.x, block.y, block.z}];
    row.info = version.info;
    row.engine = function.module().context().device().target().engine;
    row.remarks = version.remarks;
    row.wait += wait;
    alive_[&version] = &row;
  }

  void finish(const Function::Version& version) {
    std::lock_guard lock(mutex_);
    const auto found = alive_.find(&version);
    if (found == alive_.end()) return;
    collect(version, *found->second);
    alive_.erase(found);
  }

  /// Everything that is known, the kernels that took longest first.
  void tell() {
    std::lock_guard lock(mutex_);
    for (const auto& [version, row] : alive_) collect(*version, *row);
    alive_.clear();
    std::vector<const Rows::value_type*> order;
    std::uint64_t all = 0;
    for (const auto& entry : rows_) {
      order.push_back(&entry);
      all += entry.second.usage.nanoseconds;
    }
    std::ranges::sort(order, std::ranges::greater{},
                      [](const auto* entry) { return entry->second.usage.nanoseconds; });
    fmt::print(stderr, "cuda_shim: {} kernels, {:.3f} ms\n{:>12} {:>6} {:>9} {:>12} {:>10}  {}\n",
               order.size(), milliseconds(all), "ms", "share", "launches", "ms each", "ready ms",
               "kernel, blocks, how it runs");
    for (const auto* entry : order) tell(entry->first, entry->second, all);
  }

 private:
  using Key = std::tuple<std::string, unsigned, unsigned, unsigned>;
  using Rows = std::map<Key, Row>;

  static void collect(const Function::Version& version, Row& row) {
    const cuda_shim_usage usage = version.executable.usage();
    row.usage.launches += usage.launches;
    row.usage.nanoseconds += usage.nanoseconds;
  }

  static void tell(const Key& key, const Row& row, std::uint64_t all) {
    const auto& [name, x, y, z] = key;
    const auto& [launches, nanoseconds] = row.usage;
    const std::string blocks = x == 0 ? "any block" : fmt::format("{}x{}x{}", x, y, z);
    fmt::print(stderr, "{:>12.3f} {:>5.1f}% {:>9} {:>12.4f} {:>10.1f}  {}, {}: {}{}{}{}\n",
               milliseconds(nanoseconds),
               all == 0 ? 0.0 : 100.0 * static_cast<double>(nanoseconds) / static_cast<double>(all),
               launches,
               launches == 0 ? 0.0 : milliseconds(nanoseconds) / static_cast<double>(launches),
               milliseconds(static_cast<std::uint64_t>(row.wait.count())), readable(name), blocks,
               row.engine.empty() ? "" : row.engine + ", ", threads_of(row), waiting_of(row), ".");
    if (!row.remarks.empty()) fmt::print(stderr, "{:>55}{}\n", "", row.remarks);
  }

  std::mutex mutex_;  // guards both
  Rows rows_;
  std::map<const Function::Version*, Row*> alive_;
};

/// Null where nobody asked. Never destroyed: contexts may go after everything else.
Explanation* explanation() {
  static Explanation* const the_one = [] {
    if (!support::option_flag(support::Option::EXPLAIN)) return static_cast<Explanation*>(nullptr);
    std::atexit([] { explanation()->tell(); });
    return new Explanation;
  }();
  return the_one;
}

}  // namespace

void explain(const Function& function, const Function::Version& version,
             std::chrono::nanoseconds wait) {
  if (Explanation* told = explanation()) told->add(function, version, wait);
}

void finish_explanation(const Function::Version& version) {
  if (Explanation* told = explanation()) told->finish(version);
}

}  // namespace cuda_shim::objects
