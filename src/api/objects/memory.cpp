#include "api/objects/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>

namespace cuda_shim::objects {
namespace {

Status no_bytes() {
  return Status(StatusCode::kInvalidValue, "An allocation of 0 bytes was asked for.");
}

Status not_allocated(std::uint64_t address) {
  return Status(StatusCode::kInvalidValue,
                fmt::format("0x{:x} is not the start of an allocation of this kind.", address));
}

std::size_t whole_pages(std::size_t bytes) {
  static const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) & ~(page - 1);
}

std::optional<Allocation> take_device(std::uint64_t address) {
  std::optional<Allocation> taken = allocations().erase(address, MemoryKind::kDevice);
  return taken ? taken : allocations().erase(address, MemoryKind::kManaged);
}

// Memory whose free waits for a stream.
struct PendingFree {
  Context* context;
  std::uint64_t address;
};

void free_now(void* argument) {
  std::unique_ptr<PendingFree> pending(static_cast<PendingFree*>(argument));
  [[maybe_unused]] Status freed = pending->context->instance().free(pending->address);
}

}  // namespace

Result<std::uint64_t> allocate_device(Context& context, std::size_t bytes, MemoryKind kind,
                                      unsigned flags, std::size_t alignment) {
  if (bytes == 0) return error(no_bytes());
  Result<std::uint64_t> address = context.instance().allocate(bytes, alignment);
  if (!address) return address;
  Allocation entry{
      .base = *address, .bytes = bytes, .kind = kind, .context = &context, .flags = flags};
  if (allocations().insert(entry)) return address;
  [[maybe_unused]] Status freed = context.instance().free(*address);
  return error(StatusCode::kUnknown,
               fmt::format("The device gave out 0x{:x}, which is in use.", *address));
}

Status free_device(std::uint64_t address) {
  if (address == 0) return {};
  std::optional<Allocation> taken = take_device(address);
  if (!taken) return not_allocated(address);
  // Kernels in flight may still use the memory: cuMemFree waits for them. The sticky error is the
  // caller's to report.
  [[maybe_unused]] Status drained = taken->context->synchronize();
  return taken->context->instance().free(address);
}

Status free_device_async(Stream& stream, std::uint64_t address) {
  if (address == 0) return Status(StatusCode::kInvalidValue, "The address to free is null.");
  std::optional<Allocation> taken = take_device(address);
  if (!taken) return not_allocated(address);
  auto pending = std::make_unique<PendingFree>(taken->context, address);
  Status status = stream.call(free_now, pending.get());
  if (status) static_cast<void>(pending.release());
  return status;
}

void free_module_memory(Context& context, std::uint64_t address) {
  if (allocations().erase(address, MemoryKind::kModule)) {
    [[maybe_unused]] Status freed = context.instance().free(address);
  }
}

Result<void*> allocate_host(Context& context, std::size_t bytes, unsigned flags) {
  if (bytes == 0) return error(no_bytes());
  std::size_t mapped = whole_pages(bytes);
  void* address = mapped < bytes ? MAP_FAILED
                                 : ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED)
    return error(StatusCode::kOutOfMemory,
                 fmt::format("The system has no {} bytes of host memory.", bytes));
  allocations().insert({.base = reinterpret_cast<std::uint64_t>(address),
                        .bytes = bytes,
                        .kind = MemoryKind::kHost,
                        .context = &context,
                        .flags = flags});
  return address;
}

Status free_host(void* address) {
  if (address == nullptr) return {};
  auto base = reinterpret_cast<std::uint64_t>(address);
  std::optional<Allocation> taken = allocations().erase(base, MemoryKind::kHost);
  if (!taken) return not_allocated(base);
  [[maybe_unused]] Status drained = taken->context->synchronize();
  ::munmap(address, whole_pages(taken->bytes));
  return {};
}

Status register_host(Context& context, void* address, std::size_t bytes, unsigned flags) {
  if (address == nullptr || bytes == 0)
    return Status(StatusCode::kInvalidValue, "Null memory or 0 bytes cannot be registered.");
  Allocation entry{.base = reinterpret_cast<std::uint64_t>(address),
                   .bytes = bytes,
                   .kind = MemoryKind::kRegistered,
                   .context = &context,
                   .flags = flags};
  if (entry.base + bytes < entry.base)
    return Status(StatusCode::kInvalidValue, "The range to register wraps around.");
  if (allocations().insert(entry)) return {};
  return Status(StatusCode::kHostMemoryAlreadyRegistered,
                fmt::format("Some of the {} bytes at {} are known already.", bytes, address));
}

Status unregister_host(void* address) {
  auto base = reinterpret_cast<std::uint64_t>(address);
  if (allocations().erase(base, MemoryKind::kRegistered)) return {};
  return Status(StatusCode::kHostMemoryNotRegistered,
                fmt::format("{} is not registered.", address));
}

}  // namespace cuda_shim::objects
