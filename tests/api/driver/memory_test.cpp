#include <sys/mman.h>

#include <array>
#include <cstring>
#include <vector>

#include "context_fixture.h"

namespace {

using Memory = ContextFixture;

TEST_F(Memory, CopiesOfEveryDirectionArrive) {
  std::array<int, 256> in, out = {};
  for (int i = 0; i < 256; ++i) in[i] = i * i;
  CUdeviceptr a = 0, b = 0;
  ASSERT_CU(cuMemAlloc(&a, sizeof in));
  ASSERT_CU(cuMemAlloc(&b, sizeof in));
  ASSERT_CU(cuMemcpyHtoD(a, in.data(), sizeof in));
  ASSERT_CU(cuMemcpyDtoD(b, a, sizeof in));
  ASSERT_CU(cuMemcpy(reinterpret_cast<CUdeviceptr>(out.data()), b, sizeof in));
  EXPECT_EQ(in, out);
  EXPECT_EQ(cuMemcpyHtoD(a, in.data(), sizeof in + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoD(a, nullptr, 4), CUDA_ERROR_INVALID_VALUE);
  ASSERT_CU(cuMemFree(a));
  EXPECT_EQ(cuMemFree(a), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuMemFree(0));
}

TEST_F(Memory, MoreThanTheMachineHasIsOutOfMemory) {
  CUdeviceptr memory = 0;
  EXPECT_EQ(cuMemAlloc(&memory, size_t(1) << 50), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAlloc(&memory, ~size_t(0)), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAlloc(&memory, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuMemAlloc(&memory, 16)) << "the context is sound";
}

TEST_F(Memory, PitchedCopiesTouchTheirRowsOnly) {
  CUdeviceptr memory = 0;
  size_t pitch = 0;
  ASSERT_CU(cuMemAllocPitch(&memory, &pitch, 10, 4, 4));
  EXPECT_EQ(pitch % 512, 0u);
  ASSERT_CU(cuMemsetD8(memory, 0xee, pitch * 4));
  std::vector<unsigned char> in(40);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<unsigned char>(i);
  CUDA_MEMCPY2D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = in.data();
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = memory;
  copy.dstPitch = pitch;
  copy.WidthInBytes = 10;
  copy.Height = 4;
  ASSERT_CU(cuMemcpy2D(&copy));
  std::vector<unsigned char> out(pitch * 4);
  ASSERT_CU(cuMemcpyDtoH(out.data(), memory, out.size()));
  for (size_t y = 0; y < 4; ++y)
    for (size_t x = 0; x < pitch; ++x)
      ASSERT_EQ(out[y * pitch + x], x < 10 ? in[y * 10 + x] : 0xee) << x << ',' << y;
  copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  EXPECT_EQ(cuMemcpy2D(&copy), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Memory, ABoxIsCopiedFromAVolume) {
  constexpr size_t kX = 8, kY = 4, kZ = 3;
  std::vector<unsigned char> in(kX * kY * kZ);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<unsigned char>(i);
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, in.size()));
  ASSERT_CU(cuMemcpyHtoD(memory, in.data(), in.size()));
  std::vector<unsigned char> out(2 * 2 * 2, 0xff);
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = memory;
  copy.srcPitch = kX;
  copy.srcHeight = kY;
  copy.srcXInBytes = 3;
  copy.srcY = 1;
  copy.srcZ = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  copy.dstHost = out.data();
  copy.dstPitch = 2;
  copy.dstHeight = 2;
  copy.WidthInBytes = copy.Height = copy.Depth = 2;
  ASSERT_CU(cuMemcpy3D(&copy));
  for (size_t z = 0; z < 2; ++z)
    for (size_t y = 0; y < 2; ++y)
      for (size_t x = 0; x < 2; ++x)
        EXPECT_EQ(out[z * 4 + y * 2 + x], in[((z + 1) * kY + y + 1) * kX + x + 3]);
}

TEST_F(Memory, PinnedMemoryIsMappedAndKnowsItsFlags) {
  void* host = nullptr;
  ASSERT_CU(cuMemHostAlloc(&host, 1000, CU_MEMHOSTALLOC_PORTABLE));
  CUdeviceptr device = 0;
  ASSERT_CU(cuMemHostGetDevicePointer(&device, static_cast<char*>(host) + 10, 0));
  EXPECT_EQ(device, reinterpret_cast<CUdeviceptr>(host) + 10);
  unsigned flags = 0;
  ASSERT_CU(cuMemHostGetFlags(&flags, host));
  EXPECT_EQ(flags, unsigned(CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP));
  EXPECT_EQ(cuMemFree(reinterpret_cast<CUdeviceptr>(host)), CUDA_ERROR_INVALID_VALUE)
      << "freed by the wrong call";
  EXPECT_CU(cuMemFreeHost(host));
}

TEST_F(Memory, FreeMemoryIsPartOfTheTotal) {
  size_t free = 0, total = 0, device_total = 0;
  ASSERT_CU(cuMemGetInfo(&free, &total));
  ASSERT_CU(cuDeviceTotalMem(&device_total, device_));
  EXPECT_EQ(total, device_total);
  EXPECT_GT(free, 0u);
  EXPECT_LE(free, total);
}

}  // namespace
