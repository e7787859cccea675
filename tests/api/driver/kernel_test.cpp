// Modules, functions and launches from PTX text to results.
#include <cstring>
#include <string>
#include <vector>

#include "context_fixture.h"
#include "ptx_sources.h"

namespace {

class Kernels : public ContextFixture {
 protected:
  CUmodule load(const char* ptx) {
    CUmodule module = nullptr;
    EXPECT_CU(cuModuleLoadData(&module, ptx));
    return module;
  }
  CUfunction function(const char* ptx, const char* name) {
    CUfunction found = nullptr;
    EXPECT_CU(cuModuleGetFunction(&found, load(ptx), name));
    return found;
  }
};

CUresult launch(CUfunction f, unsigned grid, unsigned block, void** parameters,
                CUstream stream = nullptr) {
  return cuLaunchKernel(f, grid, 1, 1, block, 1, 1, 0, stream, parameters, nullptr);
}

TEST_F(Kernels, AddToEveryElement) {
  constexpr unsigned kCount = 1000;
  CUdeviceptr out = 0;
  ASSERT_CU(cuMemAlloc(&out, kCount * 4));
  ASSERT_CU(cuMemsetD32(out, 10, kCount));
  unsigned a = 5, n = kCount;
  void* parameters[] = {&out, &a, &n};
  ASSERT_CU(launch(function(kAdd, "add"), 8, 128, parameters));
  std::vector<unsigned> result(kCount);
  ASSERT_CU(cuMemcpyDtoH(result.data(), out, kCount * 4));
  EXPECT_EQ(result, std::vector<unsigned>(kCount, 15));
}

struct RowsCase {
  const char* name;
  unsigned width, height;
  unsigned block[3];
};

class KernelsOfRows : public Kernels, public testing::WithParamInterface<RowsCase> {};

TEST_P(KernelsOfRows, ReachEveryElementOnce) {
  const auto& [name, width, height, block] = GetParam();
  const std::size_t count = std::size_t{width} * height;
  CUdeviceptr out = 0;
  ASSERT_CU(cuMemAlloc(&out, count * 4));
  ASSERT_CU(cuMemsetD32(out, 0, count));
  unsigned arguments[] = {width, height};
  void* parameters[] = {&out, &arguments[0], &arguments[1]};
  const unsigned rows = block[1] * block[2];
  ASSERT_CU(cuLaunchKernel(function(kNumber, "number"), (width + block[0] - 1) / block[0],
                           (height + rows - 1) / rows, 1, block[0], block[1], block[2], 0, nullptr,
                           parameters, nullptr));
  std::vector<unsigned> result(count), expected(count);
  ASSERT_CU(cuMemcpyDtoH(result.data(), out, count * 4));
  for (std::size_t i = 0; i < count; ++i)
    expected[i] = i % width == 0 || i % width == width - 1 ? 0 : static_cast<unsigned>(i);
  EXPECT_TRUE(result == expected);
}

// The CPU device may run blocks that lie side by side in one call, and write the lines of a large
// result past the caches.
INSTANTIATE_TEST_SUITE_P(All, KernelsOfRows,
                         testing::Values(RowsCase{"short", 1000, 2100, {32, 4, 2}},
                                         RowsCase{"long", 5000, 2100, {16, 8, 1}},
                                         RowsCase{"few", 300, 3, {32, 2, 2}},
                                         RowsCase{"narrower_than_vectors", 77, 4200, {5, 3, 1}},
                                         RowsCase{"of_lines", 1024, 9000, {32, 4, 1}},
                                         RowsCase{"not_of_lines", 1000, 9000, {64, 4, 1}}),
                         [](const testing::TestParamInfo<RowsCase>& row) {
                           return std::string(row.param.name);
                         });

TEST_F(Kernels, TakeTheirParametersFromABuffer) {
  CUdeviceptr out = 0;
  ASSERT_CU(cuMemAlloc(&out, 4));
  ASSERT_CU(cuMemsetD32(out, 1, 1));
  struct {
    CUdeviceptr out;
    unsigned a, n;
  } buffer = {out, 41, 1};
  size_t bytes = sizeof buffer;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &buffer, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  CUfunction add = function(kAdd, "add");
  ASSERT_CU(cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra));
  unsigned result = 0;
  ASSERT_CU(cuMemcpyDtoH(&result, out, 4));
  EXPECT_EQ(result, 42u);
  bytes = 12;
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Kernels, LimitsOfLaunchesHold) {
  CUfunction bump = function(kGlobals, "bump");
  EXPECT_EQ(launch(bump, 0, 1, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(bump, 1, 0, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(bump, 1, 65, nullptr), CUDA_ERROR_INVALID_VALUE) << "maxntid";
  EXPECT_EQ(launch(bump, 1, 2048, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(bump, 1, 70000, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(bump, 1, 1, 1, 1, 1, 1, 1 << 20, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(launch(bump, 1, 64, nullptr));
}

TEST_F(Kernels, GlobalsAreInitialisedAndKeepTheirValues) {
  CUmodule module = load(kGlobals);
  CUfunction bump = nullptr;
  ASSERT_CU(cuModuleGetFunction(&bump, module, "bump"));
  ASSERT_CU(launch(bump, 1, 1, nullptr));
  CUdeviceptr counter = 0;
  size_t bytes = 0;
  ASSERT_CU(cuModuleGetGlobal(&counter, &bytes, module, "counter"));
  EXPECT_EQ(bytes, 4u);
  unsigned value = 0;
  ASSERT_CU(cuMemcpyDtoH(&value, counter, 4));
  EXPECT_EQ(value, 42u);
  EXPECT_EQ(cuModuleGetGlobal(&counter, &bytes, module, "nothing"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleGetFunction(&bump, module, "nothing"), CUDA_ERROR_NOT_FOUND);
  ASSERT_CU(cuModuleUnload(module));
  EXPECT_EQ(cuMemcpyDtoH(&value, counter, 4), CUDA_ERROR_INVALID_VALUE) << "gone with the module";
}

TEST_F(Kernels, AttributesAreKnown) {
  CUfunction bump = function(kGlobals, "bump");
  int value = -1;
  ASSERT_CU(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, bump));
  EXPECT_EQ(value, 64);
  ASSERT_CU(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_PTX_VERSION, bump));
  EXPECT_EQ(value, 80);
  ASSERT_CU(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, bump));
  EXPECT_EQ(value, 0);
  EXPECT_EQ(cuFuncSetAttribute(bump, CU_FUNC_ATTRIBUTE_NUM_REGS, 5), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuFuncSetAttribute(bump, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 64 << 10));
  EXPECT_CU(cuLaunchKernel(bump, 1, 1, 1, 1, 1, 1, 64 << 10, nullptr, nullptr, nullptr));
  int blocks = 0, grid = 0, block = 0;
  ASSERT_CU(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, bump, 64, 0));
  EXPECT_GE(blocks, 1);
  ASSERT_CU(cuOccupancyMaxPotentialBlockSize(&grid, &block, bump, nullptr, 0, 0));
  EXPECT_EQ(block, 64);
}

TEST_F(Kernels, ClustersAreOfOneBlock) {
  CUfunction add = function(kAdd, "add");
  CUlaunchConfig config = {};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = 64;
  config.blockDimY = config.blockDimZ = 1;
  int size = 0, clusters = 0, blocks = 0, multiprocessors = 0;
  ASSERT_CU(cuOccupancyMaxPotentialClusterSize(&size, add, &config));
  EXPECT_EQ(size, 1);
  ASSERT_CU(cuOccupancyMaxActiveClusters(&clusters, add, &config));
  ASSERT_CU(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 64, 0));
  ASSERT_CU(
      cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device_));
  EXPECT_EQ(clusters, blocks * multiprocessors);
  CUlaunchAttribute pair = {};
  pair.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  pair.value.clusterDim = {2, 1, 1};
  config.attrs = &pair;
  config.numAttrs = 1;
  EXPECT_EQ(cuOccupancyMaxActiveClusters(&clusters, add, &config), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  EXPECT_EQ(cuOccupancyMaxActiveClusters(nullptr, add, &config), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Kernels, NoLibraryHasUnifiedFunctions) {
  CUlibrary library = nullptr;
  ASSERT_CU(cuLibraryLoadData(&library, kAdd, nullptr, nullptr, 0, nullptr, nullptr, 0));
  void* pointer = nullptr;
  EXPECT_EQ(cuLibraryGetUnifiedFunction(&pointer, library, "add"), CUDA_ERROR_NOT_FOUND);
  ASSERT_CU(cuLibraryUnload(library));
  EXPECT_EQ(cuLibraryUnload(library), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Kernels, ParametersAreDescribed) {
  CUfunction add = function(kAdd, "add");
  size_t offset = 0, bytes = 0;
  ASSERT_CU(cuFuncGetParamInfo(add, 2, &offset, &bytes));
  EXPECT_EQ(offset, 12u);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cuFuncGetParamInfo(add, 3, &offset, &bytes), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Kernels, AFaultSpoilsItsContextAndNoOther) {
  CUfunction write = function(kFaults, "write");
  CUdeviceptr nowhere = 16;
  void* parameters[] = {&nowhere};
  ASSERT_CU(launch(write, 1, 1, parameters));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS) << "sticky";
  CUdeviceptr memory = 0;
  EXPECT_EQ(cuMemAlloc(&memory, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(launch(write, 1, 1, parameters), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  EXPECT_CU(cuMemAlloc(&memory, 4));
  void* good[] = {&memory};
  EXPECT_CU(launch(function(kFaults, "write"), 1, 1, good));
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_CU(cuCtxDestroy(other));
}

TEST_F(Kernels, ATrapIsAnErrorOfItsOwn) {
  ASSERT_CU(launch(function(kFaults, "stop"), 1, 1, nullptr));
  EXPECT_NE(cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_F(Kernels, AResetMendsThePrimaryContext) {
  CUcontext primary = nullptr;
  ASSERT_CU(cuDevicePrimaryCtxRetain(&primary, device_));
  ASSERT_CU(cuCtxSetCurrent(primary));
  CUdeviceptr nowhere = 16;
  void* parameters[] = {&nowhere};
  ASSERT_CU(launch(function(kFaults, "write"), 1, 1, parameters));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  ASSERT_CU(cuDevicePrimaryCtxReset(device_));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  ASSERT_CU(cuDevicePrimaryCtxRetain(&primary, device_));
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_CU(cuDevicePrimaryCtxRelease(device_));
  EXPECT_CU(cuDevicePrimaryCtxRelease(device_)) << "It was retained before the reset, too.";
}

TEST_F(Kernels, ABrokenKernelLeavesTheOthersUsable) {
  char log[1024] = "untouched";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  ASSERT_CU(cuModuleLoadDataEx(&module, kHalfBroken, 2, options, values));
  EXPECT_NE(std::strstr(log, "frobnicate"), nullptr) << log;
  EXPECT_EQ(reinterpret_cast<size_t>(values[1]), std::strlen(log) + 1);
  CUfunction good = nullptr, bad = nullptr;
  ASSERT_CU(cuModuleGetFunction(&good, module, "good"));
  ASSERT_CU(cuModuleGetFunction(&bad, module, "bad"));
  EXPECT_CU(launch(good, 1, 1, nullptr));
  EXPECT_EQ(launch(bad, 1, 1, nullptr), CUDA_ERROR_INVALID_PTX);
  EXPECT_EQ(launch(bad, 1, 1, nullptr), CUDA_ERROR_INVALID_PTX) << "every time";
  EXPECT_CU(cuCtxSynchronize());
}

TEST_F(Kernels, TextThatIsNoPtxIsRefusedWithItsPlace) {
  char log[1024] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  EXPECT_EQ(cuModuleLoadDataEx(&module, PTX_HEADER ".visible .entry (", 2, options, values),
            CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(std::strstr(log, "line 4"), nullptr) << log;
  EXPECT_EQ(cuModuleLoadData(&module, nullptr), CUDA_ERROR_INVALID_VALUE);
  options[0] = static_cast<CUjit_option>(1000);
  EXPECT_EQ(cuModuleLoadDataEx(&module, kAdd, 2, options, values), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Kernels, AttributesOfALaunchAreAppliedOrRefused) {
  CUfunction bump = function(kGlobals, "bump");
  CUlaunchAttribute attribute = {};
  CUlaunchConfig config = {};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  config.attrs = &attribute;
  config.numAttrs = 1;
  attribute.id = CU_LAUNCH_ATTRIBUTE_PRIORITY;
  EXPECT_CU(cuLaunchKernelEx(&config, bump, nullptr, nullptr));
  attribute.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT;
  EXPECT_EQ(cuLaunchKernelEx(&config, bump, nullptr, nullptr), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuLaunchKernelEx(nullptr, bump, nullptr, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Kernels, LibrariesWorkInEveryContext) {
  CUlibrary library = nullptr;
  ASSERT_CU(cuLibraryLoadData(&library, kGlobals, nullptr, nullptr, 0, nullptr, nullptr, 0));
  CUkernel kernel = nullptr;
  ASSERT_CU(cuLibraryGetKernel(&kernel, library, "bump"));
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  for (int i = 0; i < 3; ++i)
    ASSERT_CU(launch(reinterpret_cast<CUfunction>(kernel), 1, 1, nullptr));
  unsigned value = 0;
  CUdeviceptr here = 0, there = 0;
  ASSERT_CU(cuLibraryGetGlobal(&there, nullptr, library, "counter"));
  ASSERT_CU(cuMemcpyDtoH(&value, there, 4));
  EXPECT_EQ(value, 46u);
  ASSERT_CU(cuCtxDestroy(other));
  ASSERT_CU(cuCtxSetCurrent(context_));
  ASSERT_CU(launch(reinterpret_cast<CUfunction>(kernel), 1, 1, nullptr));
  ASSERT_CU(cuLibraryGetGlobal(&here, nullptr, library, "counter"));
  ASSERT_CU(cuMemcpyDtoH(&value, here, 4));
  EXPECT_EQ(value, 42u) << "each context has its own variables";
  ASSERT_CU(cuLibraryUnload(library));
  EXPECT_EQ(launch(reinterpret_cast<CUfunction>(kernel), 1, 1, nullptr), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Kernels, AStreamOfAnotherContextIsRefused) {
  CUfunction bump = function(kGlobals, "bump");
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, 0));
  EXPECT_EQ(launch(bump, 1, 1, nullptr, stream), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_CU(cuCtxDestroy(other));
}

}  // namespace
