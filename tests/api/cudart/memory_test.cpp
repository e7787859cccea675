// Allocating, copying and filling memory.

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace cuda_shim::test {
namespace {

/// Device memory that frees itself.
class Buffer {
 public:
  explicit Buffer(size_t size) { EXPECT_EQ(cudaMalloc(&pointer_, size), cudaSuccess); }
  ~Buffer() { EXPECT_EQ(cudaFree(pointer_), cudaSuccess); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  char* get() const { return static_cast<char*>(pointer_); }

 private:
  void* pointer_ = nullptr;
};

std::vector<char> numbered(size_t size) {
  std::vector<char> bytes(size);
  std::iota(bytes.begin(), bytes.end(), 1);
  return bytes;
}

TEST(Allocation, OfNothingIsNull) {
  void* pointer = &pointer;
  EXPECT_EQ(cudaMalloc(&pointer, 0), cudaSuccess);
  EXPECT_EQ(pointer, nullptr);
}

TEST(Allocation, BeyondAllMemoryFails) {
  void* pointer = &pointer;
  EXPECT_EQ(cudaMalloc(&pointer, SIZE_MAX / 2), cudaErrorMemoryAllocation);
  EXPECT_EQ(pointer, nullptr);
  cudaGetLastError();
}

TEST(Allocation, IsFreedOnce) {
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, 16), cudaSuccess);
  ASSERT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaErrorInvalidValue);
  int local = 0;
  EXPECT_EQ(cudaFree(&local), cudaErrorInvalidValue);
}

TEST(Allocation, InStreamOrderCanBeUsedInThatStream) {
  cudaStream_t stream;
  void* pointer = nullptr;
  int value = 0;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaMallocAsync(&pointer, sizeof value, stream), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(pointer, 1, sizeof value, stream), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(&value, pointer, sizeof value, cudaMemcpyDefault, stream), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(pointer, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(value, 0x01010101);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST(Allocation, IsSubtractedFromWhatIsFree) {
  size_t before = 0, after = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&before, &total), cudaSuccess);
  EXPECT_LE(before, total);
  Buffer buffer(64 << 20);
  ASSERT_EQ(cudaMemGetInfo(&after, &total), cudaSuccess);
  EXPECT_LE(after, total);
}

TEST(Copy, GoesThereAndBack) {
  std::vector<char> in = numbered(1000), out(1000);
  Buffer first(1000), second(1000);
  ASSERT_EQ(cudaMemcpy(first.get(), in.data(), 1000, cudaMemcpyHostToDevice), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(second.get(), first.get(), 1000, cudaMemcpyDeviceToDevice), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(out.data(), second.get(), 1000, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(in, out);
}

TEST(Copy, FindsTheDirectionByItself) {
  std::vector<char> in = numbered(100), out(100);
  Buffer buffer(100);
  ASSERT_EQ(cudaMemcpy(buffer.get(), in.data(), 100, cudaMemcpyDefault), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(out.data(), buffer.get(), 100, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(in, out);
}

TEST(Copy, RefusesADirectionThatIsNone) {
  char from[4], to[4];
  EXPECT_EQ(cudaMemcpy(to, from, 4, static_cast<cudaMemcpyKind>(17)),
            cudaErrorInvalidMemcpyDirection);
}

TEST(Copy, OfNothingNeedsNoPointers) {
  EXPECT_EQ(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyHostToDevice), cudaSuccess);
}

TEST(PlaneCopy, LeavesWhatLiesBetweenRows) {
  size_t pitch = 0;
  void* plane = nullptr;
  ASSERT_EQ(cudaMallocPitch(&plane, &pitch, 10, 4), cudaSuccess);
  EXPECT_GE(pitch, 10u);
  std::vector<char> in = numbered(48), out(64, '.');
  ASSERT_EQ(cudaMemcpy2D(plane, pitch, in.data(), 12, 10, 4, cudaMemcpyHostToDevice), cudaSuccess);
  ASSERT_EQ(cudaMemcpy2D(out.data(), 16, plane, pitch, 10, 4, cudaMemcpyDeviceToHost), cudaSuccess);
  for (int y = 0; y < 4; ++y) {
    EXPECT_EQ(out[y * 16 + 9], in[y * 12 + 9]);
    EXPECT_EQ(out[y * 16 + 10], '.');
  }
  EXPECT_EQ(cudaFree(plane), cudaSuccess);
}

TEST(PlaneCopy, RefusesAPitchShorterThanARow) {
  Buffer buffer(100);
  std::vector<char> host(100);
  EXPECT_EQ(cudaMemcpy2D(buffer.get(), 8, host.data(), 10, 10, 4, cudaMemcpyHostToDevice),
            cudaErrorInvalidPitchValue);
}

TEST(BoxCopy, TakesAPartOfABox) {
  constexpr size_t kWidth = 8, kHeight = 4, kDepth = 3;
  std::vector<char> in = numbered(kWidth * kHeight * kDepth), out(2 * 2 * 2);
  cudaPitchedPtr box;
  ASSERT_EQ(cudaMalloc3D(&box, {kWidth, kHeight, kDepth}), cudaSuccess);
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = {in.data(), kWidth, kWidth, kHeight};
  copy.dstPtr = box;
  copy.extent = {kWidth, kHeight, kDepth};
  copy.kind = cudaMemcpyHostToDevice;
  ASSERT_EQ(cudaMemcpy3D(&copy), cudaSuccess);
  copy = {};
  copy.srcPtr = box;
  copy.srcPos = {3, 1, 1};
  copy.dstPtr = {out.data(), 2, 2, 2};
  copy.extent = {2, 2, 2};
  copy.kind = cudaMemcpyDeviceToHost;
  ASSERT_EQ(cudaMemcpy3D(&copy), cudaSuccess);
  for (size_t z = 0; z < 2; ++z)
    for (size_t y = 0; y < 2; ++y)
      for (size_t x = 0; x < 2; ++x)
        EXPECT_EQ(out[(z * 2 + y) * 2 + x], in[((z + 1) * kHeight + y + 1) * kWidth + x + 3]);
  EXPECT_EQ(cudaFree(box.ptr), cudaSuccess);
}

TEST(Fill, SetsOnlyThePartOfABox) {
  cudaPitchedPtr box;
  ASSERT_EQ(cudaMalloc3D(&box, {4, 4, 2}), cudaSuccess);
  ASSERT_EQ(cudaMemset3D(box, 1, {4, 4, 2}), cudaSuccess);
  ASSERT_EQ(cudaMemset3D(box, 2, {2, 2, 2}), cudaSuccess);
  std::vector<char> out(box.pitch * 4 * 2);
  ASSERT_EQ(cudaMemcpy(out.data(), box.ptr, out.size(), cudaMemcpyDeviceToHost), cudaSuccess);
  auto at = [&](size_t x, size_t y, size_t z) { return out[(z * 4 + y) * box.pitch + x]; };
  EXPECT_EQ(at(1, 1, 1), 2);
  EXPECT_EQ(at(2, 1, 1), 1);
  EXPECT_EQ(at(1, 2, 0), 1);
  EXPECT_EQ(cudaFree(box.ptr), cudaSuccess);
}

TEST(Fill, RefusesABoxThatWrapsAround) {
  cudaPitchedPtr box;
  ASSERT_EQ(cudaMalloc3D(&box, {4, 4, 2}), cudaSuccess);
  box.ysize = size_t(1) << 63;
  EXPECT_EQ(cudaMemset3D(box, 1, {4, size_t(1) << 63, 2}), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset3D(box, 1, {4, 1, 2}), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(box.ptr), cudaSuccess);
  cudaGetLastError();
}

TEST(HostMemory, IsSeenByTheDeviceUnderTheSameOrAnotherAddress) {
  int* host = nullptr;
  void* device = nullptr;
  ASSERT_EQ(cudaHostAlloc(reinterpret_cast<void**>(&host), 64, cudaHostAllocMapped), cudaSuccess);
  ASSERT_EQ(cudaHostGetDevicePointer(&device, host, 0), cudaSuccess);
  ASSERT_EQ(cudaMemset(device, 1, 4), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(*host, 0x01010101);
  unsigned flags = 0;
  ASSERT_EQ(cudaHostGetFlags(&flags, host), cudaSuccess);
  EXPECT_NE(flags & cudaHostAllocMapped, 0u);
  EXPECT_EQ(cudaFreeHost(host), cudaSuccess);
}

TEST(HostMemory, IsRegisteredOnce) {
  std::vector<char> memory(1 << 16);
  ASSERT_EQ(cudaHostRegister(memory.data(), memory.size(), cudaHostRegisterDefault), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(memory.data(), memory.size(), cudaHostRegisterDefault),
            cudaErrorHostMemoryAlreadyRegistered);
  ASSERT_EQ(cudaHostUnregister(memory.data()), cudaSuccess);
  EXPECT_EQ(cudaHostUnregister(memory.data()), cudaErrorHostMemoryNotRegistered);
}

cudaPointerAttributes attributes_of(const void* pointer) {
  cudaPointerAttributes attributes = {};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, pointer), cudaSuccess);
  return attributes;
}

TEST(Pointer, IsKnownByItsKindOfMemory) {
  Buffer device(64);
  void *managed, *host;
  int local = 0;
  ASSERT_EQ(cudaMallocManaged(&managed, 64, cudaMemAttachGlobal), cudaSuccess);
  ASSERT_EQ(cudaMallocHost(&host, 64), cudaSuccess);
  EXPECT_EQ(attributes_of(device.get() + 5).type, cudaMemoryTypeDevice);
  EXPECT_EQ(attributes_of(device.get() + 5).device, 0);
  EXPECT_EQ(attributes_of(device.get() + 5).devicePointer, device.get() + 5);
  EXPECT_EQ(attributes_of(managed).type, cudaMemoryTypeManaged);
  EXPECT_EQ(attributes_of(managed).hostPointer, managed);
  EXPECT_EQ(attributes_of(host).type, cudaMemoryTypeHost);
  EXPECT_EQ(attributes_of(&local).type, cudaMemoryTypeUnregistered);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(host), cudaSuccess);
}

TEST(ManagedMemory, TakesHints) {
  void* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(&managed, 4096, cudaMemAttachGlobal), cudaSuccess);
  cudaMemLocation device = {};
  device.type = cudaMemLocationTypeDevice;
  EXPECT_EQ(cudaMemAdvise(managed, 4096, cudaMemAdviseSetPreferredLocation, device), cudaSuccess);
  EXPECT_EQ(cudaMemPrefetchAsync(managed, 4096, device, 0, nullptr), cudaSuccess);
  Buffer not_managed(4096);
  EXPECT_EQ(cudaMemPrefetchAsync(not_managed.get(), 4096, device, 0, nullptr),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
}

}  // namespace
}  // namespace cuda_shim::test
