// What nvcc's host code does, done by hand: registering, configuring, launching.

#include <gtest/gtest.h>

#include "api/cudart/registered_program.h"

namespace cuda_shim::test {
namespace {

class Registration : public testing::Test {
 protected:
  void SetUp() override {
    cudaGetLastError();
    ASSERT_EQ(
        cudaMallocManaged(reinterpret_cast<void**>(&value_), sizeof *value_, cudaMemAttachGlobal),
        cudaSuccess);
    *value_ = 0;
  }
  void TearDown() override { EXPECT_EQ(cudaFree(value_), cudaSuccess); }
  int* value_ = nullptr;
};

TEST_F(Registration, LetsAKernelRunByItsHostAddress) {
  RegisteredProgram program;
  ASSERT_EQ(launch_add(program, value_, 5), cudaSuccess);
  EXPECT_EQ(*value_, 105);
}

TEST_F(Registration, LetsAKernelRunByTheHandleOfItsStub) {
  RegisteredProgram program;
  cudaKernel_t kernel = nullptr;
  ASSERT_EQ(__cudaGetKernel(&kernel, program.kernel()), cudaSuccess);
  int n = 5;
  void* arguments[] = {&value_, &n};
  ASSERT_EQ(__cudaLaunchKernel(kernel, dim3(1), dim3(1), arguments, 0, nullptr), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*value_, 105);
}

// The driver's handles are numbers of any parity; a stub's handle must carry each unharmed.
TEST_F(Registration, LetsSeveralProgramsRunByTheirHandles) {
  RegisteredProgram programs[4];
  for (const RegisteredProgram& program : programs) {
    cudaKernel_t kernel = nullptr;
    ASSERT_EQ(__cudaGetKernel(&kernel, program.kernel()), cudaSuccess);
    int n = 0;
    void* arguments[] = {&value_, &n};
    ASSERT_EQ(__cudaLaunchKernel(kernel, dim3(1), dim3(1), arguments, 0, nullptr), cudaSuccess);
  }
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*value_, 400);
}

TEST_F(Registration, AcceptsAKernelHandleWhereAHostAddressGoes) {
  RegisteredProgram program;
  cudaKernel_t kernel = nullptr;
  ASSERT_EQ(cudaGetKernel(&kernel, program.kernel()), cudaSuccess);
  int n = 1;
  void* arguments[] = {&value_, &n};
  EXPECT_EQ(cudaLaunchKernel(kernel, dim3(1), dim3(1), arguments, 0, nullptr), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*value_, 101);
}

TEST_F(Registration, KeepsKernelsOverADeviceReset) {
  RegisteredProgram program;
  ASSERT_EQ(launch_add(program, value_, 5), cudaSuccess);
  ASSERT_EQ(cudaDeviceReset(), cudaSuccess);
  ASSERT_EQ(
      cudaMallocManaged(reinterpret_cast<void**>(&value_), sizeof *value_, cudaMemAttachGlobal),
      cudaSuccess);
  *value_ = 0;
  ASSERT_EQ(launch_add(program, value_, 6), cudaSuccess);
  EXPECT_EQ(*value_, 106);
}

TEST_F(Registration, EndsWithTheProgram) {
  const void* kernel;
  {
    RegisteredProgram program;
    kernel = program.kernel();
    ASSERT_EQ(launch_add(program, value_, 5), cudaSuccess);
  }
  EXPECT_EQ(cudaLaunchKernel(kernel, dim3(1), dim3(1), nullptr, 0, nullptr),
            cudaErrorInvalidDeviceFunction);
}

TEST_F(Registration, OfNothingMakesAnInvalidDeviceFunction) {
  static char not_a_kernel;
  EXPECT_EQ(cudaLaunchKernel(&not_a_kernel, dim3(1), dim3(1), nullptr, 0, nullptr),
            cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(cudaLaunchKernel(nullptr, dim3(1), dim3(1), nullptr, 0, nullptr),
            cudaErrorInvalidDeviceFunction);
  cudaKernel_t kernel;
  EXPECT_EQ(__cudaGetKernel(&kernel, &not_a_kernel), cudaErrorInvalidDeviceFunction);
}

TEST_F(Registration, OfMachineCodeAloneFailsEveryLaunch) {
  RegisteredProgram program(FatbinKind::kMachineCode, "machine code");
  EXPECT_EQ(launch_add(program, value_, 5), cudaErrorNoKernelImageForDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNoKernelImageForDevice);
  cudaKernel_t kernel = nullptr;
  __cudaGetKernel(&kernel, program.kernel());
  EXPECT_EQ(__cudaLaunchKernel(kernel, dim3(1), dim3(1), nullptr, 0, nullptr),
            cudaErrorNoKernelImageForDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNoKernelImageForDevice);
}

TEST_F(Registration, OfNonsenseFailsEveryLaunch) {
  std::uint64_t nonsense[8] = {0x0123456789abcdef};
  void** handle = __cudaRegisterFatBinary(nonsense);
  static char shadow;
  __cudaRegisterFunction(handle, &shadow, &shadow, "add_to", -1, nullptr, nullptr, nullptr, nullptr,
                         nullptr);
  EXPECT_NE(cudaLaunchKernel(&shadow, dim3(1), dim3(1), nullptr, 0, nullptr), cudaSuccess);
  EXPECT_NE(cudaGetLastError(), cudaSuccess);
  __cudaUnregisterFatBinary(handle);
}

TEST_F(Registration, OfANameThatTheModuleLacksIsAnInvalidDeviceFunction) {
  RegisteredProgram program;
  static char shadow;
  __cudaRegisterFunction(program.handle(), &shadow, &shadow, "no_such_kernel", -1, nullptr, nullptr,
                         nullptr, nullptr, nullptr);
  EXPECT_EQ(cudaLaunchKernel(&shadow, dim3(1), dim3(1), nullptr, 0, nullptr),
            cudaErrorInvalidDeviceFunction);
}

TEST_F(Registration, RefusesABlockThatIsTooLarge) {
  RegisteredProgram program;
  int n = 5;
  void* arguments[] = {&value_, &n};
  EXPECT_EQ(cudaLaunchKernel(program.kernel(), dim3(1), dim3(4096), arguments, 0, nullptr),
            cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaLaunchKernel(program.kernel(), dim3(0), dim3(1), arguments, 0, nullptr),
            cudaErrorInvalidConfiguration);
}

TEST_F(Registration, CallsSharedMemoryThatWasNotAllowedABadValue) {
  RegisteredProgram program;
  int n = 5;
  void* arguments[] = {&value_, &n};
  auto launch = [&](std::size_t shared) {
    return cudaLaunchKernel(program.kernel(), dim3(1), dim3(1), arguments, shared, nullptr);
  };
  EXPECT_EQ(launch(64 << 10), cudaErrorInvalidValue);
  EXPECT_EQ(launch(std::size_t{1} << 40), cudaErrorInvalidValue);
  ASSERT_EQ(
      cudaFuncSetAttribute(program.kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10),
      cudaSuccess);
  EXPECT_EQ(launch(64 << 10), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST_F(Registration, TellsAttributesOfAKernel) {
  RegisteredProgram program;
  cudaFuncAttributes attributes = {};
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, program.kernel()), cudaSuccess);
  EXPECT_GE(attributes.maxThreadsPerBlock, 1);
  EXPECT_EQ(attributes.sharedSizeBytes, 0u);
  EXPECT_EQ(attributes.ptxVersion, 50);
  const char* name = nullptr;
  ASSERT_EQ(cudaFuncGetName(&name, program.kernel()), cudaSuccess);
  EXPECT_STREQ(name, "add_to");
}

TEST_F(Registration, TellsHowManyBlocksFit) {
  RegisteredProgram program;
  int blocks = 0;
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, program.kernel(), 128, 0),
            cudaSuccess);
  EXPECT_GE(blocks, 1);
}

TEST(Configuration, ComesBackInReverseOrder) {
  ASSERT_EQ(__cudaPushCallConfiguration(dim3(1), dim3(2), 3, cudaStreamLegacy), 0u);
  ASSERT_EQ(__cudaPushCallConfiguration(dim3(4, 5, 6), dim3(7), 8, cudaStreamPerThread), 0u);
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
  ASSERT_EQ(__cudaPopCallConfiguration(&grid, &block, &shared, &stream), cudaSuccess);
  EXPECT_EQ(grid.z, 6u);
  EXPECT_EQ(block.x, 7u);
  EXPECT_EQ(shared, 8u);
  EXPECT_EQ(stream, cudaStreamPerThread);
  ASSERT_EQ(__cudaPopCallConfiguration(&grid, &block, &shared, &stream), cudaSuccess);
  EXPECT_EQ(block.x, 2u);
  EXPECT_EQ(stream, cudaStreamLegacy);
}

TEST(Configuration, IsMissingWhenNonePushedIt) {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
  EXPECT_EQ(__cudaPopCallConfiguration(&grid, &block, &shared, &stream),
            cudaErrorMissingConfiguration);
  cudaGetLastError();
}

}  // namespace
}  // namespace cuda_shim::test
