// Variables of the device, named by their host shadows.

#include <gtest/gtest.h>

#include "api/cudart/registered_program.h"

namespace cuda_shim::test {
namespace {

TEST(Symbol, HasAnAddressAndASize) {
  RegisteredProgram program;
  void* address = nullptr;
  std::size_t size = 0;
  ASSERT_EQ(cudaGetSymbolAddress(&address, program.offset()), cudaSuccess);
  ASSERT_EQ(cudaGetSymbolSize(&size, program.offset()), cudaSuccess);
  EXPECT_NE(address, nullptr);
  EXPECT_EQ(size, sizeof(int));
}

TEST(Symbol, IsReadAndWritten) {
  RegisteredProgram program;
  int value = 0;
  ASSERT_EQ(cudaMemcpyFromSymbol(&value, program.offset(), sizeof value, 0, cudaMemcpyDeviceToHost),
            cudaSuccess);
  EXPECT_EQ(value, 100);
  value = 42;
  ASSERT_EQ(cudaMemcpyToSymbol(program.offset(), &value, sizeof value, 0, cudaMemcpyHostToDevice),
            cudaSuccess);
  value = 0;
  ASSERT_EQ(cudaMemcpyFromSymbol(&value, program.offset(), sizeof value, 0, cudaMemcpyDefault),
            cudaSuccess);
  EXPECT_EQ(value, 42);
}

TEST(Symbol, IsSeenChangedByItsKernel) {
  RegisteredProgram program;
  int offset = 1000, *result;
  ASSERT_EQ(cudaMemcpyToSymbol(program.offset(), &offset, sizeof offset, 0, cudaMemcpyHostToDevice),
            cudaSuccess);
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&result), sizeof *result), cudaSuccess);
  ASSERT_EQ(cudaMemset(result, 0, sizeof *result), cudaSuccess);
  ASSERT_EQ(launch_add(program, result, 1), cudaSuccess);
  int value = 0;
  ASSERT_EQ(cudaMemcpy(&value, result, sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 1001);
  EXPECT_EQ(cudaFree(result), cudaSuccess);
}

TEST(Symbol, IsNotReadPastItsEnd) {
  RegisteredProgram program;
  int values[2];
  EXPECT_EQ(cudaMemcpyFromSymbol(values, program.offset(), 8, 0, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyFromSymbol(values, program.offset(), 4, SIZE_MAX, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
}

TEST(Symbol, RefusesTheWrongDirectionAndUnknownSymbols) {
  RegisteredProgram program;
  int value = 0;
  static char stranger;
  EXPECT_EQ(cudaMemcpyToSymbol(program.offset(), &value, 4, 0, cudaMemcpyDeviceToHost),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpyToSymbol(&stranger, &value, 4, 0, cudaMemcpyHostToDevice),
            cudaErrorInvalidSymbol);
  void* address;
  EXPECT_EQ(cudaGetSymbolAddress(&address, nullptr), cudaErrorInvalidSymbol);
}

TEST(ManagedVariable, IsReachedThroughItsHostPointer) {
  RegisteredProgram program;
  EXPECT_EQ(program.managed(), nullptr);
  __cudaInitModule(program.handle());
  ASSERT_NE(program.managed(), nullptr);
  EXPECT_EQ(*static_cast<int*>(program.managed()), 7);
  // nvcc passes what the pointer holds where a symbol is asked for.
  std::size_t size = 0;
  ASSERT_EQ(cudaGetSymbolSize(&size, program.managed()), cudaSuccess);
  EXPECT_EQ(size, sizeof(int));
}

}  // namespace
}  // namespace cuda_shim::test
