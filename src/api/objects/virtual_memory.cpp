#include "api/objects/virtual_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "api/objects/allocations.h"

namespace cuda_shim::objects {
namespace {

Status bad(std::string message) {
  return Status(StatusCode::kInvalidValue, std::move(message));
}

Status system_failed(const char* call) {
  StatusCode code = errno == ENOMEM ? StatusCode::kOutOfMemory : StatusCode::kOperatingSystem;
  return Status(code, fmt::format("{} failed: {}.", call, std::strerror(errno)));
}

void* pointer(CUdeviceptr address) {
  return reinterpret_cast<void*>(address);
}

bool whole(std::uint64_t value) {
  return value % kPhysicalGranularity == 0;
}

Status seal(CUdeviceptr address, std::size_t bytes) {
  void* at = ::mmap(pointer(address), bytes, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return at == MAP_FAILED ? system_failed("mmap") : Status();
}

int protection(CUmemAccess_flags flags) {
  if (flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE) return PROT_READ | PROT_WRITE;
  return flags == CU_MEM_ACCESS_FLAGS_PROT_READ ? PROT_READ : PROT_NONE;
}

}  // namespace

PhysicalMemory::PhysicalMemory(int file, std::size_t bytes, const CUmemAllocationProp& properties)
    : file_(file), bytes_(bytes), properties_(properties) {}

PhysicalMemory::~PhysicalMemory() {
  ::close(file_);
}

Result<std::shared_ptr<PhysicalMemory>> PhysicalMemory::make(
    std::size_t bytes, const CUmemAllocationProp& properties) {
  if (bytes == 0 || !whole(bytes))
    return error(bad(fmt::format("{} bytes are no multiple of {}.", bytes, kPhysicalGranularity)));
  int file = ::memfd_create("cuda_shim", MFD_CLOEXEC);
  if (file < 0) return error(system_failed("memfd_create"));
  auto memory = std::make_shared<PhysicalMemory>(file, bytes, properties);
  // Takes the pages now: running out later would be a signal, not an error.
  if (int failure = ::posix_fallocate(file, 0, static_cast<off_t>(bytes)); failure != 0) {
    return error(StatusCode::kOutOfMemory, fmt::format("The system has no {} bytes of memory: {}.",
                                                       bytes, std::strerror(failure)));
  }
  return memory;
}

Result<std::shared_ptr<PhysicalMemory>> PhysicalMemory::import(int file) {
  struct stat facts = {};
  int copy = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return error(bad(fmt::format("{} is no file descriptor.", file)));
  CUmemAllocationProp properties = {};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  bool readable = ::fstat(copy, &facts) == 0;
  auto memory =
      std::make_shared<PhysicalMemory>(copy, static_cast<std::size_t>(facts.st_size), properties);
  if (!readable || !S_ISREG(facts.st_mode) || facts.st_size == 0 || !whole(memory->bytes()))
    return error(bad(fmt::format("File descriptor {} is not exported device memory.", file)));
  return memory;
}

VirtualMemory& virtual_memory() {
  static auto* instance = new VirtualMemory;
  return *instance;
}

Result<CUdeviceptr> VirtualMemory::reserve(std::size_t bytes, std::size_t alignment,
                                           CUdeviceptr wish) {
  if (bytes == 0 || !whole(bytes) || (alignment & (alignment - 1)))
    return error(bad(
        fmt::format("A range of {} bytes aligned to {} cannot be reserved.", bytes, alignment)));
  if (alignment < kPhysicalGranularity) alignment = kPhysicalGranularity;
  std::size_t wanted = 0;
  if (__builtin_add_overflow(bytes, alignment, &wanted))
    return error(bad(fmt::format("{} bytes are too many.", bytes)));
  void* hint = wish % alignment == 0 ? pointer(wish) : nullptr;
  void* mapped =
      ::mmap(hint, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return error(system_failed("mmap"));
  auto start = reinterpret_cast<CUdeviceptr>(mapped);
  CUdeviceptr base = (start + alignment - 1) & ~(CUdeviceptr(alignment) - 1);
  if (base > start) ::munmap(mapped, base - start);
  if (start + wanted > base + bytes) ::munmap(pointer(base + bytes), start + wanted - base - bytes);
  std::lock_guard lock(mutex_);
  ranges_.emplace(base, bytes);
  return base;
}

Status VirtualMemory::release_range(CUdeviceptr base, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  auto found = ranges_.find(base);
  if (found == ranges_.end() || found->second != bytes)
    return bad(fmt::format("No range of {} bytes is reserved at 0x{:x}.", bytes, base));
  if (!free_of_mappings(base, bytes))
    return bad(fmt::format("Memory is still mapped in the range at 0x{:x}.", base));
  ranges_.erase(found);
  ::munmap(pointer(base), bytes);
  return {};
}

bool VirtualMemory::reserved(CUdeviceptr address, std::size_t bytes) const {
  auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return false;
  auto [base, length] = *std::prev(after);
  return bytes <= length && address - base <= length - bytes;
}

bool VirtualMemory::free_of_mappings(CUdeviceptr address, std::size_t bytes) const {
  auto next = mappings_.lower_bound(address);
  if (next != mappings_.end() && next->first - address < bytes) return false;
  return next == mappings_.begin() ||
         std::prev(next)->first + std::prev(next)->second.bytes <= address;
}

Status VirtualMemory::map(CUdeviceptr address, std::size_t bytes, std::size_t offset,
                          PhysicalMemory& memory) {
  if (bytes == 0 || !whole(bytes) || !whole(address) || offset != 0 || bytes > memory.bytes())
    return bad(fmt::format("{} bytes from offset {} of {} cannot be mapped at 0x{:x}.", bytes,
                           offset, memory.bytes(), address));
  std::lock_guard lock(mutex_);
  if (!reserved(address, bytes) || !free_of_mappings(address, bytes))
    return bad(
        fmt::format("The {} bytes at 0x{:x} are not reserved, or mapped already.", bytes, address));
  auto held = held_.find(memory.handle());
  if (held == held_.end()) return bad("The memory to map has been released.");
  void* at = ::mmap(pointer(address), bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, memory.file(), 0);
  if (at == MAP_FAILED) return system_failed("mmap");
  mappings_.emplace(address, Mapping{bytes, held->second.memory, CU_MEM_ACCESS_FLAGS_PROT_NONE});
  allocations().insert({.base = address, .bytes = bytes, .kind = MemoryKind::kVirtual});
  return {};
}

Result<std::pair<VirtualMemory::Mappings::iterator, VirtualMemory::Mappings::iterator>>
VirtualMemory::whole_mappings(CUdeviceptr address, std::size_t bytes) {
  auto first = mappings_.find(address);
  auto last = first;
  std::size_t covered = 0;
  for (; last != mappings_.end() && last->first - address == covered && covered < bytes; ++last)
    covered += last->second.bytes;
  if (bytes != 0 && covered == bytes) return std::pair(first, last);
  return error(bad(fmt::format("The {} bytes at 0x{:x} are not whole mappings.", bytes, address)));
}

Status VirtualMemory::unmap(CUdeviceptr address, std::size_t bytes) {
  std::lock_guard lock(mutex_);
  auto range = whole_mappings(address, bytes);
  if (!range) return std::move(range.error());
  auto [found, last] = *range;
  for (auto entry = found; entry != last; ++entry)
    allocations().erase(entry->first, MemoryKind::kVirtual);
  mappings_.erase(found, last);
  return seal(address, bytes);
}

Status VirtualMemory::set_access(CUdeviceptr address, std::size_t bytes, CUmemAccess_flags flags) {
  std::lock_guard lock(mutex_);
  auto range = whole_mappings(address, bytes);
  if (!range) return std::move(range.error());
  auto [found, last] = *range;
  if (::mprotect(pointer(address), bytes, protection(flags)) != 0) return system_failed("mprotect");
  for (auto entry = found; entry != last; ++entry) entry->second.access = flags;
  return {};
}

Result<CUmemAccess_flags> VirtualMemory::access(CUdeviceptr address) {
  std::lock_guard lock(mutex_);
  auto after = mappings_.upper_bound(address);
  if (after != mappings_.begin() &&
      address - std::prev(after)->first < std::prev(after)->second.bytes)
    return std::prev(after)->second.access;
  return error(bad(fmt::format("0x{:x} is not mapped.", address)));
}

Result<CUmemGenericAllocationHandle> VirtualMemory::handle_of(CUdeviceptr address) {
  std::lock_guard lock(mutex_);
  auto after = mappings_.upper_bound(address);
  if (after == mappings_.begin() ||
      address - std::prev(after)->first >= std::prev(after)->second.bytes)
    return error(bad(fmt::format("0x{:x} is not mapped.", address)));
  const std::shared_ptr<PhysicalMemory>& memory = std::prev(after)->second.memory;
  auto [entry, added] = held_.try_emplace(memory->handle(), Held{memory, 0});
  ++entry->second.count;
  return memory->handle();
}

void VirtualMemory::hold(std::shared_ptr<PhysicalMemory> memory) {
  std::lock_guard lock(mutex_);
  CUmemGenericAllocationHandle handle = memory->handle();
  auto [entry, added] = held_.try_emplace(handle, Held{std::move(memory), 0});
  ++entry->second.count;
}

Status VirtualMemory::let_go(CUmemGenericAllocationHandle handle) {
  std::lock_guard lock(mutex_);
  auto found = held_.find(handle);
  if (found == held_.end()) return bad("The handle is not that of live memory.");
  if (--found->second.count == 0) held_.erase(found);
  return {};
}

}  // namespace cuda_shim::objects
