#include <cuda.h>
#include <dlfcn.h>

#include <cstring>

#include "context_fixture.h"

namespace {

void* look_up(const char* name, int version, cuuint64_t flags,
              CUdriverProcAddressQueryResult* status) {
  void* entry = reinterpret_cast<void*>(1);
  EXPECT_CU(cuGetProcAddress(name, &entry, version, flags, status));
  return entry;
}

TEST(ProcAddress, AVersionPicksTheEntryOfItsTime) {
  CUdriverProcAddressQueryResult status;
  EXPECT_EQ(look_up("cuMemAlloc", 3020, 0, &status), dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SUCCESS);
  EXPECT_EQ(look_up("cuMemAlloc", 13000, 0, &status), dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
  EXPECT_EQ(look_up("cuMemAlloc", 2000, 0, &status), dlsym(RTLD_DEFAULT, "cuMemAlloc"));
  EXPECT_EQ(look_up("cuCtxCreate", 12040, 0, &status), dlsym(RTLD_DEFAULT, "cuCtxCreate_v3"));
  EXPECT_EQ(look_up("cuCtxCreate", 12050, 0, &status), dlsym(RTLD_DEFAULT, "cuCtxCreate_v4"));
}

TEST(ProcAddress, TheFlagPicksTheDefaultStream) {
  CUdriverProcAddressQueryResult status;
  EXPECT_EQ(look_up("cuLaunchKernel", 13000, CU_GET_PROC_ADDRESS_LEGACY_STREAM, &status),
            dlsym(RTLD_DEFAULT, "cuLaunchKernel"));
  EXPECT_EQ(
      look_up("cuLaunchKernel", 13000, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, &status),
      dlsym(RTLD_DEFAULT, "cuLaunchKernel_ptsz"));
  EXPECT_EQ(look_up("cuMemcpyHtoD", 13000, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, &status),
            dlsym(RTLD_DEFAULT, "cuMemcpyHtoD_v2_ptds"));
  EXPECT_EQ(look_up("cuInit", 13000, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, &status),
            dlsym(RTLD_DEFAULT, "cuInit"));
}

TEST(ProcAddress, WhatIsNotThereIsSaidToBeSo) {
  CUdriverProcAddressQueryResult status;
  EXPECT_EQ(look_up("cuNoSuchThing", 13000, 0, &status), nullptr);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_EQ(look_up("cuMemAllocAsync", 11010, 0, &status), nullptr);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
  void* entry = nullptr;
  EXPECT_EQ(cuGetProcAddress("cuInit", &entry, 14000, 0, &status), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGetProcAddress("cuInit", &entry, 13000, 4, &status), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGetProcAddress(nullptr, &entry, 13000, 0, &status), CUDA_ERROR_INVALID_VALUE);
}

TEST(ProcAddress, AnUnimplementedEntryAnswersNotSupported) {
  auto* entry = reinterpret_cast<CUresult (*)(CUgraph*, unsigned)>(
      look_up("cuGraphCreate", 13000, 0, nullptr));
  ASSERT_NE(entry, nullptr);
  CUgraph graph = nullptr;
  EXPECT_EQ(entry(&graph, 0), CUDA_ERROR_NOT_SUPPORTED);
}

TEST(ExportTable, NoneIsThere) {
  CUuuid id = {};
  const void* table = &id;
  EXPECT_EQ(cuGetExportTable(&table, &id), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(table, nullptr);
}

TEST(Errors, HaveNameAndSentence) {
  const char* text = nullptr;
  ASSERT_CU(cuGetErrorString(CUDA_SUCCESS, &text));
  EXPECT_STREQ(text, "no error");
  ASSERT_CU(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
  EXPECT_STREQ(text, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_EQ(cuGetErrorName(static_cast<CUresult>(12345), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
}

}  // namespace
