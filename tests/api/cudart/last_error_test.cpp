// What cudaGetLastError remembers.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <thread>

namespace cuda_shim::test {
namespace {

constexpr int kNoSuchDevice = 1000;

class LastError : public testing::Test {
 protected:
  void SetUp() override { cudaGetLastError(); }
};

TEST_F(LastError, IsTakenByTheFirstWhoAsks) {
  ASSERT_EQ(cudaSetDevice(kNoSuchDevice), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(LastError, OutlivesLaterSuccess) {
  ASSERT_EQ(cudaSetDevice(kNoSuchDevice), cudaErrorInvalidDevice);
  ASSERT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST_F(LastError, IsTheLatestOfSeveral) {
  ASSERT_EQ(cudaSetDevice(kNoSuchDevice), cudaErrorInvalidDevice);
  ASSERT_EQ(cudaMalloc(nullptr, 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
}

TEST_F(LastError, BelongsToOneThread) {
  ASSERT_EQ(cudaSetDevice(kNoSuchDevice), cudaErrorInvalidDevice);
  cudaError_t others = cudaErrorUnknown;
  std::thread([&] { others = cudaGetLastError(); }).join();
  EXPECT_EQ(others, cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST_F(LastError, HoldsWhatAMissingFunctionAnswers) {
  cudaGraph_t graph;
  EXPECT_EQ(cudaGraphCreate(&graph, 0), cudaErrorNotSupported);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
}

TEST(ErrorNames, AreTheEnumerators) {
  EXPECT_STREQ(cudaGetErrorName(cudaSuccess), "cudaSuccess");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
  EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
}

TEST(ErrorNames, SayThatACodeIsUnknown) {
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(-1)), "unrecognized error code");
  EXPECT_STREQ(cudaGetErrorString(static_cast<cudaError_t>(123456)), "unrecognized error code");
}

}  // namespace
}  // namespace cuda_shim::test
