// cuGetProcAddress: which entry a name, a CUDA version and a kind of default stream mean; and
// cuGetExportTable.
//
// Each name has its versions in the table of rows; the newest that is not newer than the version
// asked for is the one.
#include <cuda.h>

#include <cstring>

#include "api/driver/entry.h"
#include "api/driver/rows.h"
#include "cuda_shim/version.h"
#include "support/log.h"

#undef cuGetProcAddress

namespace {

using cuda_shim::driver::Row;
using cuda_shim::driver::RowStreams;

struct Query {
  std::string_view name;
  int version;
  bool per_thread;
};

bool serves(const Row& row, bool per_thread) {
  return row.streams == RowStreams::kAny || (row.streams == RowStreams::kPerThread) == per_thread;
}

// The newest version of the name that is not newer than asked for; `known` says whether the name
// exists at all.
const Row* find_row(const Query& query, bool* known) {
  const Row* best = nullptr;
  for (const Row& row : cuda_shim::driver::rows_named(query.name)) {
    if (!serves(row, query.per_thread)) continue;
    *known = true;
    if (row.since <= query.version && (best == nullptr || row.since >= best->since)) best = &row;
  }
  return best;
}

CUresult look_up(const char* symbol, void** pfn, int version, cuuint64_t flags,
                 CUdriverProcAddressQueryResult* status) {
  constexpr cuuint64_t kFlags =
      CU_GET_PROC_ADDRESS_LEGACY_STREAM | CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
  if (symbol == nullptr || pfn == nullptr || (flags & ~kFlags) || flags == kFlags)
    return CUDA_ERROR_INVALID_VALUE;
  *pfn = nullptr;
  if (version > CUDA_SHIM_DRIVER_API_VERSION) return CUDA_ERROR_INVALID_VALUE;
  bool known = false;
  Query query{symbol, version, flags == CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM};
  const Row* row = find_row(query, &known);
  if (row == nullptr &&
      query.per_thread) {  // a name without a per-thread form, or asked for one older than that
    query.per_thread = false;
    row = find_row(query, &known);
  }
  if (row != nullptr) *pfn = reinterpret_cast<void*>(row->entry);
  if (status != nullptr)
    *status = row     ? CU_GET_PROC_ADDRESS_SUCCESS
              : known ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                      : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return row != nullptr || status != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

}  // namespace

extern "C" {

CUresult cuGetProcAddress_v2(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags,
                             CUdriverProcAddressQueryResult* symbolStatus) {
  return look_up(symbol, pfn, cudaVersion, flags, symbolStatus);
}

// The form of CUDA 11.3, without a status: a name that is not there is an error.
CUresult cuGetProcAddress(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags) {
  return look_up(symbol, pfn, cudaVersion, flags, nullptr);
}

// NVIDIA's private tables are not offered; its own cudart needs them and is therefore replaced (see
// ARCHITECTURE.md).
CUresult cuGetExportTable(const void** ppExportTable, const CUuuid* pExportTableId) {
  if (ppExportTable == nullptr || pExportTableId == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *ppExportTable = nullptr;
  unsigned char id[16];
  std::memcpy(id, pExportTableId->bytes, sizeof id);
  CUDA_SHIM_LOG_ONCE(
      kInfo,
      "A private table of NVIDIA's driver was asked for ({:02x}{:02x}{:02x}{:02x}-...), which this "
      "driver does not have.",
      id[0], id[1], id[2], id[3]);
  return CUDA_ERROR_NOT_FOUND;
}

}  // extern "C"
