#include "api/objects/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>

#include "api/objects/memory_pool.h"

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

Status give_back(const Allocation& allocation) {
  if (allocation.pool == nullptr) return allocation.context->instance().free(allocation.base);
  allocation.pool->give(allocation.base);
  return {};
}

// For memory whose free waits for a stream.
void free_now(void* argument) {
  std::unique_ptr<Allocation> pending(static_cast<Allocation*>(argument));
  [[maybe_unused]] Status freed = give_back(*pending);
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

Result<std::uint64_t> allocate_from_pool(Context& context, const std::shared_ptr<MemoryPool>& pool,
                                         std::size_t bytes) {
  if (bytes == 0) return error(no_bytes());
  Result<std::uint64_t> address = pool->take(context, bytes);
  if (!address) return address;
  if (allocations().insert({.base = *address, .bytes = bytes, .context = &context, .pool = pool}))
    return address;
  pool->give(*address);
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
  return give_back(*taken);
}

Status free_device_async(Stream& stream, std::uint64_t address) {
  if (address == 0) return Status(StatusCode::kInvalidValue, "The address to free is null.");
  std::optional<Allocation> taken = take_device(address);
  if (!taken) return not_allocated(address);
  if (taken->context != &stream.context()) {
    // The memory's context may end before the other's stream gets there: waits.
    Status drained = stream.synchronize();
    Status freed = give_back(*taken);
    return drained ? std::move(freed) : std::move(drained);
  }
  auto pending = std::make_unique<Allocation>(*std::move(taken));
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
