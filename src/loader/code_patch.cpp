#include "loader/code_patch.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "loader/machine.h"

namespace cuda_shim::loader {
namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page_size() - 1) & ~(page_size() - 1);
}

// Maps `bytes` at exactly `address`, if that is free.
std::byte* map_at(std::uint64_t address, std::size_t bytes) {
  void* wanted = reinterpret_cast<void*>(address);
  void* got = ::mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted) return static_cast<std::byte*>(got);
  if (got != MAP_FAILED) ::munmap(got, bytes);  // a kernel before 4.17 took the address for a hint
  return nullptr;
}

// Free address space from which all of [low, high) is reached. Below the object first: the heap of
// a process grows above its executable.
std::byte* map_near(std::uint64_t low, std::uint64_t high, std::size_t bytes) {
  constexpr std::uint64_t kStep = 1 << 20;
  const std::uint64_t page = page_size();
  std::uint64_t lowest = high > kJumpReach ? high - kJumpReach : page;
  std::uint64_t highest = low + kJumpReach - bytes;
  std::uint64_t below = (low & ~(page - 1)) - bytes;
  for (std::uint64_t at = below; at >= lowest && at <= below; at -= kStep)
    if (std::byte* mapped = map_at(at, bytes)) return mapped;
  for (std::uint64_t at = whole_pages(high) + kStep; at <= highest; at += kStep)
    if (std::byte* mapped = map_at(at, bytes)) return mapped;
  return nullptr;
}

const CodeRange* range_of(const Patch& patch, std::span<const CodeRange> ranges) {
  for (const CodeRange& range : ranges)
    if (patch.entry >= range.begin && patch.entry + patch.room <= range.end) return &range;
  return nullptr;
}

Status check(std::span<const Patch> patches, std::span<const CodeRange> ranges) {
  for (const Patch& patch : patches) {
    if (patch.room < kJumpBytes)
      return {StatusCode::kInvalidImage,
              fmt::format("function '{}' has room for {} bytes, a jump takes {}",
                          patch.target->name, patch.room, kJumpBytes)};
    if (range_of(patch, ranges) == nullptr)
      return {StatusCode::kInvalidImage,
              fmt::format("function '{}' does not lie in the object's code", patch.target->name)};
  }
  return {};
}

Status protect(const CodeRange& range, int protection) {
  auto bytes = static_cast<std::size_t>(range.end - range.begin);
  if (::mprotect(range.begin, bytes, protection) == 0) return {};
  return {StatusCode::kNotPermitted,
          fmt::format("the system does not let its code be changed ({})", std::strerror(errno))};
}

// Makes all ranges writable, or none.
Status open_ranges(std::span<const CodeRange> ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    Status status = protect(ranges[i], PROT_READ | PROT_WRITE);
    if (status.ok()) continue;
    while (i-- > 0) (void)protect(ranges[i], ranges[i].protection);
    return status;
  }
  return {};
}

Status close_ranges(std::span<const CodeRange> ranges) {
  Status first;
  for (const CodeRange& range : ranges) {
    __builtin___clear_cache(reinterpret_cast<char*>(range.begin),
                            reinterpret_cast<char*>(range.end));
    Status status = protect(range, range.protection);
    if (first.ok()) first = std::move(status);
  }
  return first;
}

// Trampolines on their own pages, then their slots: code is never writable while it can run.
struct TrampolinePages {
  std::byte* begin;
  std::size_t code_bytes, bytes;

  static Result<TrampolinePages> map(std::span<const Patch> patches) {
    std::size_t code = whole_pages(patches.size() * kTrampolineBytes);
    std::size_t bytes = code + whole_pages((patches.size() + 1) * sizeof(void*));
    auto [first, last] = std::ranges::minmax_element(patches, {}, &Patch::entry);
    std::byte* begin = map_near(reinterpret_cast<std::uint64_t>(first->entry),
                                reinterpret_cast<std::uint64_t>(last->entry) + last->room, bytes);
    if (begin == nullptr)
      return error(StatusCode::kOutOfMemory,
                   fmt::format("there are no {} free bytes of address space within reach", bytes));
    return TrampolinePages{begin, code, bytes};
  }

  std::byte* trampoline(std::size_t i) const { return begin + i * kTrampolineBytes; }
  void** slot(std::size_t i) const { return reinterpret_cast<void**>(begin + code_bytes) + i; }
  Status seal() const { return protect({begin, begin + code_bytes, 0}, PROT_READ | PROT_EXEC); }
};

void write_jumps(std::span<const Patch> patches, const TrampolinePages& pages) {
  for (std::size_t i = 0; i < patches.size(); ++i) {
    std::byte* entry = patches[i].entry;
    write_jump(entry + jump_offset(entry, patches[i].room), pages.trampoline(i));
  }
}

}  // namespace

PatchedCode::PatchedCode(PatchedCode&& other) noexcept
    : trampolines_(std::exchange(other.trampolines_, nullptr)), bytes_(other.bytes_) {}

PatchedCode::~PatchedCode() {
  if (trampolines_ != nullptr) ::munmap(trampolines_, bytes_);
}

Result<PatchedCode> patch_code(std::span<const Patch> patches, std::span<const CodeRange> ranges) {
  if (patches.empty()) return PatchedCode(nullptr, 0);
  if (Status status = check(patches, ranges); !status.ok()) return error(std::move(status));
  Result<TrampolinePages> pages = TrampolinePages::map(patches);
  if (!pages) return error(std::move(pages.error()));
  PatchedCode owner(pages->begin, pages->bytes);

  void** resolver = pages->slot(patches.size());
  *resolver = reinterpret_cast<void*>(&cuda_shim_resolve_entry);
  for (std::size_t i = 0; i < patches.size(); ++i) {
    patches[i].target->slot = pages->slot(i);
    write_trampoline(pages->trampoline(i), pages->slot(i), resolver, patches[i].target);
  }
  if (Status status = pages->seal(); !status.ok()) return error(std::move(status));

  if (Status status = open_ranges(ranges); !status.ok()) return error(std::move(status));
  write_jumps(patches, *pages);
  if (Status status = close_ranges(ranges); !status.ok()) return error(std::move(status));
  return owner;
}

Result<PatchedCode> patch_empty_function(std::byte* entry, void* function, const CodeRange& range) {
  if (!is_padded_empty_function(entry))
    return error(StatusCode::kInvalidImage, "the function is not empty or has no room for a jump");
  const Patch patch = {entry, kJumpBytes, nullptr};
  Result<TrampolinePages> pages = TrampolinePages::map({&patch, 1});
  if (!pages) return error(std::move(pages.error()));
  PatchedCode owner(pages->begin, pages->bytes);
  write_direct_trampoline(pages->trampoline(0), pages->slot(0), function);
  if (Status status = pages->seal(); !status.ok()) return error(std::move(status));
  if (Status status = open_ranges({&range, 1}); !status.ok()) return error(std::move(status));
  write_jump(entry, pages->trampoline(0));
  if (Status status = close_ranges({&range, 1}); !status.ok()) return error(std::move(status));
  return owner;
}

}  // namespace cuda_shim::loader
