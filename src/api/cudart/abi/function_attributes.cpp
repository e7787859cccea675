// cudaFuncGetAttributes. Until CUDA 11 the structure ended before the fields of clusters.

#include "api/cudart/abi/abi.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

struct FunctionAttributes {
  std::size_t shared, constant, local;
  int max_threads, registers, ptx_version, binary_version, cache_mode;
  int max_dynamic_shared, shared_carveout;
#if CUDA_SHIM_CUDART_ABI >= 12
  int cluster_must_be_set, cluster_width, cluster_height, cluster_depth;
  int cluster_scheduling, cluster_nonportable;
  int reserved[16];
#endif
};
static_assert(sizeof(FunctionAttributes) == (CUDA_SHIM_CUDART_ABI == 11 ? 56 : 144));

struct AttributeRow {
  int FunctionAttributes::* field;
  CUfunction_attribute attribute;
};
constexpr AttributeRow kAttributes[] = {
    {&FunctionAttributes::max_threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK},
    {&FunctionAttributes::registers, CU_FUNC_ATTRIBUTE_NUM_REGS},
    {&FunctionAttributes::ptx_version, CU_FUNC_ATTRIBUTE_PTX_VERSION},
    {&FunctionAttributes::binary_version, CU_FUNC_ATTRIBUTE_BINARY_VERSION},
    {&FunctionAttributes::cache_mode, CU_FUNC_ATTRIBUTE_CACHE_MODE_CA},
    {&FunctionAttributes::max_dynamic_shared, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES},
    {&FunctionAttributes::shared_carveout, CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT},
#if CUDA_SHIM_CUDART_ABI >= 12
    {&FunctionAttributes::cluster_must_be_set, CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET},
    {&FunctionAttributes::cluster_width, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH},
    {&FunctionAttributes::cluster_height, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT},
    {&FunctionAttributes::cluster_depth, CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH},
    {&FunctionAttributes::cluster_scheduling,
     CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE},
    {&FunctionAttributes::cluster_nonportable, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED},
#endif
};

cudaError_t get_size(CUfunction function, CUfunction_attribute attribute, std::size_t* out) {
  int value = 0;
  CUDART_TRY(to_runtime(cuFuncGetAttribute(&value, attribute, function)));
  *out = static_cast<std::size_t>(value);
  return cudaSuccess;
}

}  // namespace

CUDART_ENTRY(cudaFuncGetAttributes, (FunctionAttributes * out, const void* symbol), (out, symbol)) {
  if (out == nullptr) return cudaErrorInvalidValue;
  CUfunction function;
  CUDART_TRY(resolve_function(symbol, &function));
  *out = {};
  CUDART_TRY(get_size(function, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, &out->shared));
  CUDART_TRY(get_size(function, CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES, &out->constant));
  CUDART_TRY(get_size(function, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, &out->local));
  for (const AttributeRow& row : kAttributes)
    CUDART_TRY(to_runtime(cuFuncGetAttribute(&(out->*row.field), row.attribute, function)));
  return cudaSuccess;
}
