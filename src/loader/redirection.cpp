#include "loader/redirection.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ranges>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace cuda_shim::loader {
namespace {

// End of the section that holds the address: the last function has room up to there.
std::uint64_t section_end(const ElfFile& file, std::uint64_t address) {
  for (const Elf64_Shdr& section : file.sections()) {
    if ((section.sh_flags & SHF_EXECINSTR) == 0 || address < section.sh_addr) continue;
    if (address - section.sh_addr < section.sh_size) return section.sh_addr + section.sh_size;
  }
  return address;
}

class RoomFinder {
 public:
  RoomFinder(const ElfFile& file, const std::vector<ElfFunction>& functions) : file_(file) {
    starts_.reserve(functions.size());
    for (const ElfFunction& function : functions) starts_.push_back(function.address);
    std::ranges::sort(starts_);
  }
  std::uint64_t room_at(std::uint64_t address) const {
    std::uint64_t end = section_end(file_, address);
    auto next = std::ranges::upper_bound(starts_, address);
    if (next != starts_.end()) end = std::min(end, *next);
    return end - address;
  }

 private:
  const ElfFile& file_;
  std::vector<std::uint64_t> starts_;
};

bool has_runtime_name(std::string_view name, RuntimeLibrary library) {
  std::string_view prefix = library == RuntimeLibrary::kDriver ? "cu" : "cuda";
  if (name.starts_with("__cuda")) name.remove_prefix(2);
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return false;
  char next = name[prefix.size()];
  return next >= 'A' && next <= 'Z';
}

// The names that NVIDIA gives to the inner functions of its static runtimes, 11 and since 12.
bool has_inner_name(std::string_view name) {
  return name.starts_with("__cudart") || name.starts_with("libcudart_static_");
}

// Addresses of the runtime's first and last function.
struct Extent {
  std::uint64_t low, high;
  bool contains(std::uint64_t address) const { return address >= low && address <= high; }
};

// The functions of a linked-in runtime lie together, and inner ones surround those with public
// names; a public name elsewhere in the object is the application's. `rows` are some of the
// runtime's functions.
Extent find_extent(const HeldRuntime& held, const std::vector<RedirectionPlan::Row>& rows) {
  if (held.holding == Holding::kSharedLibrary) return {0, ~std::uint64_t{0}};
  std::vector<ElfFunction> all = held.functions;
  std::ranges::sort(all, {}, &ElfFunction::address);
  auto [low, high] = std::ranges::minmax(
      rows | std::views::transform([](const auto& row) { return row.function.address; }));
  auto may_be_inside = [&](const ElfFunction& function) {
    return has_inner_name(function.name) || has_runtime_name(function.name, held.library);
  };
  auto widen = [&](auto outside, std::uint64_t& limit) {
    for (const ElfFunction& function : outside | std::views::take_while(may_be_inside))
      if (has_inner_name(function.name)) limit = function.address;
  };
  auto above = std::ranges::upper_bound(all, high, {}, &ElfFunction::address);
  auto below = std::ranges::lower_bound(all, low, {}, &ElfFunction::address);
  widen(std::ranges::subrange(above, all.end()), high);
  widen(std::ranges::subrange(all.begin(), below) | std::views::reverse, low);
  return {low, high};
}

std::vector<CodeRange> code_ranges(const ElfFile& file, std::uint64_t bias) {
  std::vector<CodeRange> ranges;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const Elf64_Phdr& segment : file.segments()) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    std::uint64_t begin = (bias + segment.p_vaddr) & ~(page - 1);
    std::uint64_t end = (bias + segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
    int protection = PROT_EXEC | ((segment.p_flags & PF_R) ? PROT_READ : 0) |
                     ((segment.p_flags & PF_W) ? PROT_WRITE : 0);
    ranges.push_back(
        {reinterpret_cast<std::byte*>(begin), reinterpret_cast<std::byte*>(end), protection});
  }
  return ranges;
}

// A file that was replaced after it was loaded must not guide our jumps.
bool memory_matches_file(const ElfFile& file, std::uint64_t bias, const RedirectionPlan::Row& row) {
  std::uint64_t count = std::min<std::uint64_t>(row.room, 16);
  std::string_view expected = file.bytes_at(row.function.address, count);
  const void* memory = reinterpret_cast<const void*>(bias + row.function.address);
  return expected.size() == count && std::memcmp(memory, expected.data(), count) == 0;
}

// Names that several functions have: `static` ones of the application beside the runtime's. The
// headers of CUDA 11 and 12 define such a cudaLaunchKernel for per-thread default streams.
std::unordered_set<std::string_view> find_ambiguous(
    const std::vector<ElfFunction>& functions, const std::unordered_set<std::string_view>& ours) {
  std::unordered_map<std::string_view, std::uint64_t> first;
  std::unordered_set<std::string_view> ambiguous;
  for (const ElfFunction& function : functions)
    if (ours.contains(function.name) &&
        first.try_emplace(function.name, function.address).first->second != function.address)
      ambiguous.insert(function.name);
  return ambiguous;
}

}  // namespace

RedirectionPlan plan_redirection(const ElfFile& file, const HeldRuntime& held,
                                 const std::vector<ElfFunction>& ours) {
  std::unordered_set<std::string_view> names;
  for (const ElfFunction& function : ours) names.insert(function.name);
  RoomFinder finder(file, held.functions);
  std::unordered_set<std::uint64_t> taken;  // two names of one function take one jump
  RedirectionPlan plan;
  auto add = [&](const ElfFunction& function, bool lacking) {
    if (taken.insert(function.address).second)
      plan.rows.push_back({function, finder.room_at(function.address), lacking});
  };
  std::unordered_set<std::string_view> ambiguous = find_ambiguous(held.functions, names);
  for (const ElfFunction& function : held.functions)
    if (names.contains(function.name) && !ambiguous.contains(function.name)) add(function, false);
  if (plan.rows.empty()) return plan;
  const Extent extent = find_extent(held, plan.rows);
  for (const ElfFunction& function : held.functions) {
    if (!extent.contains(function.address)) continue;
    if (names.contains(function.name))
      add(function, false);
    else if (has_runtime_name(function.name, held.library))
      add(function, true);
  }
  return plan;
}

Result<std::unique_ptr<Redirection>> Redirection::apply(const ElfFile& file, std::uint64_t bias,
                                                        RuntimeLibrary library,
                                                        const RedirectionPlan& plan) {
  auto redirection = std::make_unique<Redirection>();
  std::vector<CodeRange> ranges = code_ranges(file, bias);
  std::vector<Patch> patches;
  patches.reserve(plan.rows.size());
  for (const RedirectionPlan::Row& row : plan.rows) {
    if (!memory_matches_file(file, bias, row))
      return error(
          StatusCode::kInvalidImage,
          fmt::format("function '{}' is not in memory what it is in the file", row.function.name));
    redirection->targets_.push_back({std::string(row.function.name), library, row.lacking});
    patches.push_back({reinterpret_cast<std::byte*>(bias + row.function.address), row.room,
                       &redirection->targets_.back()});
  }
  Result<PatchedCode> code = patch_code(patches, ranges);
  if (!code) return error(std::move(code.error()));
  redirection->code_.emplace(std::move(*code));
  return redirection;
}

}  // namespace cuda_shim::loader
