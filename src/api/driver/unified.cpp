// Unified addressing: what a pointer is.
#include <fmt/format.h>

#include "api/driver/entry.h"
#include "api/objects/allocations.h"
#include "api/objects/memory_pool.h"
#include "api/objects/virtual_memory.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Allocation;
using objects::MemoryKind;

struct Question {
  std::uint64_t pointer;
  const Allocation& allocation;
  void* answer;
  Status put(auto value) const {
    *static_cast<decltype(value)*>(answer) = value;
    return {};
  }
};

bool of_device(const Allocation& allocation) {
  return !allocation.is_host();
}

Status memory_type(const Question& q) {
  return q.put(
      static_cast<unsigned>(of_device(q.allocation) ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST));
}

Status host_pointer(const Question& q) {
  if (q.allocation.is_host() || q.allocation.kind == MemoryKind::kManaged) return q.put(q.pointer);
  return invalid("Device memory has no host pointer.");
}

Status access_flags(const Question& q) {
  if (q.allocation.kind != MemoryKind::kVirtual)
    return q.put(unsigned(CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE));
  Result<CUmemAccess_flags> access = objects::virtual_memory().access(q.pointer);
  if (!access) return std::move(access.error());
  return q.put(static_cast<unsigned>(*access));
}

struct Row {
  CUpointer_attribute attribute;
  std::size_t bytes;  // of the answer
  Status (*answer)(const Question& question);
};

constexpr Row kRows[] = {
    {CU_POINTER_ATTRIBUTE_CONTEXT, 8,
     [](const Question& q) {
       return q.put(q.allocation.context ? q.allocation.context->handle() : CUcontext(nullptr));
     }},
    {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, 4, memory_type},
    {CU_POINTER_ATTRIBUTE_DEVICE_POINTER, 8, [](const Question& q) { return q.put(q.pointer); }},
    {CU_POINTER_ATTRIBUTE_HOST_POINTER, 8, host_pointer},
    {CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, 4,
     [](const Question& q) { return q.put(unsigned(q.allocation.sync_memops)); }},
    {CU_POINTER_ATTRIBUTE_BUFFER_ID, 8, [](const Question& q) { return q.put(q.allocation.id); }},
    {CU_POINTER_ATTRIBUTE_IS_MANAGED, 4,
     [](const Question& q) { return q.put(unsigned(q.allocation.kind == MemoryKind::kManaged)); }},
    {CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, 4,
     [](const Question& q) {
       return q.put(q.allocation.context ? q.allocation.context->device().ordinal() : 0);
     }},
    {CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE, 4,
     [](const Question& q) { return q.put(0u); }},
    {CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, 8,
     [](const Question& q) { return q.put(q.allocation.base); }},
    {CU_POINTER_ATTRIBUTE_RANGE_SIZE, 8,
     [](const Question& q) { return q.put(q.allocation.bytes); }},
    {CU_POINTER_ATTRIBUTE_MAPPED, 4, [](const Question& q) { return q.put(1u); }},
    {CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, 8,
     [](const Question& q) { return q.put(std::uint64_t(0)); }},
    {CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE, 4,
     [](const Question& q) { return q.put(0u); }},
    {CU_POINTER_ATTRIBUTE_ACCESS_FLAGS, 4, access_flags},
    {CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, 8,
     [](const Question& q) {
       return q.put(q.allocation.pool ? q.allocation.pool->handle() : CUmemoryPool(nullptr));
     }},
    {CU_POINTER_ATTRIBUTE_MAPPING_SIZE, 8,
     [](const Question& q) { return q.put(q.allocation.bytes); }},
    {CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR, 8,
     [](const Question& q) { return q.put(q.allocation.base); }},
    {CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, 8,
     [](const Question& q) { return q.put(q.allocation.id); }},
};

const Row* find_row(CUpointer_attribute attribute) {
  for (const Row& row : kRows)
    if (row.attribute == attribute) return &row;
  return nullptr;
}

Status unknown_attribute(CUpointer_attribute attribute) {
  return invalid(fmt::format("Pointer attribute {} is unknown.", static_cast<int>(attribute)));
}

// What cuPointerGetAttributes puts for a pointer that CUDA does not know: zeros, and no device.
void put_unknown(const Row& row, std::uint64_t pointer, void* answer) {
  std::uint64_t zero = 0;
  int none = CU_DEVICE_INVALID;
  if (row.attribute == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL)
    __builtin_memcpy(answer, &none, sizeof none);
  else
    __builtin_memcpy(answer, &zero, row.bytes);
}

}  // namespace

extern "C" {

CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr) {
  return in_process(__func__, [&]() -> Status {
    if (data == nullptr) return null_argument();
    const Row* row = find_row(attribute);
    if (row == nullptr) return unknown_attribute(attribute);
    std::optional<Allocation> found = objects::allocations().find(ptr);
    if (!found) return invalid(fmt::format("0x{:x} is in no allocation.", ptr));
    return row->answer({ptr, *found, data});
  });
}

CUresult cuPointerGetAttributes(unsigned int numAttributes, CUpointer_attribute* attributes,
                                void** data, CUdeviceptr ptr) {
  return in_process(__func__, [&]() -> Status {
    if (numAttributes == 0 || attributes == nullptr || data == nullptr) return null_argument();
    std::optional<Allocation> found = objects::allocations().find(ptr);
    for (unsigned i = 0; i < numAttributes; ++i) {
      const Row* row = find_row(attributes[i]);
      if (row == nullptr || data[i] == nullptr) return unknown_attribute(attributes[i]);
      // An attribute that the pointer does not have is answered as if it were unknown.
      if (!found || !row->answer({ptr, *found, data[i]})) put_unknown(*row, ptr, data[i]);
    }
    return {};
  });
}

// Copies and fills of marked memory wait where the call is synchronous (objects/copy.h).
CUresult cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr ptr) {
  return in_process(__func__, [&]() -> Status {
    if (value == nullptr) return null_argument();
    if (attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS) return unknown_attribute(attribute);
    if (objects::allocations().set_sync_memops(ptr, *static_cast<const unsigned*>(value) != 0))
      return {};
    return invalid(fmt::format("0x{:x} is in no allocation.", ptr));
  });
}

}  // extern "C"
