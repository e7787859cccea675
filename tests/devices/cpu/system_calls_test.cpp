// printf, malloc, free and assert in kernels.

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

using SystemCallsTest = CpuDeviceTest;

TEST_F(SystemCallsTest, PrintedTextAppearsBySynchronisationInOrderWithTheHosts) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        struct {
          int thread;
          double half;
        } arguments = {static_cast<int>(thread->tid.x), thread->tid.x / 2.0};
        std::int32_t count = cuda_shim_host_vprintf(thread, "thread %d half %.1f\n", &arguments);
        parameters_of<Words>(thread).words[thread->tid.x] = static_cast<std::uint32_t>(count);
      },
      0);
  std::uint32_t counts[3] = {};
  testing::internal::CaptureStdout();
  submit(kernel.get(), {1, 1, 1}, {3, 1, 1}, Words{counts});
  std::printf("host before\n");
  EXPECT_TRUE(queue_.drain().ok());
  std::printf("host after\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "host before\nthread 0 half 0.0\nthread 1 half 0.5\nthread 2 half 1.0\nhost after\n");
  EXPECT_EQ(counts[2], 2u);
}

TEST_F(SystemCallsTest, HeapBlocksOutliveTheKernelThatAllocatesThem) {
  auto allocates = make_kernel(
      [](cuda_shim_host_thread* thread) {
        auto** slot = reinterpret_cast<std::uint32_t**>(parameters_of<Words>(thread).words);
        slot[thread->tid.x] = static_cast<std::uint32_t*>(cuda_shim_host_malloc(thread, 64));
        *slot[thread->tid.x] = thread->tid.x;
      },
      0);
  auto frees = make_kernel(
      [](cuda_shim_host_thread* thread) {
        auto** slot = reinterpret_cast<std::uint32_t**>(parameters_of<Words>(thread).words);
        std::uint32_t value = *slot[thread->tid.x];
        cuda_shim_host_free(thread, slot[thread->tid.x]);
        slot[thread->tid.x] = value == thread->tid.x ? nullptr : slot[thread->tid.x];
      },
      0);
  std::vector<std::uint32_t*> slots(64);
  Words words{reinterpret_cast<std::uint32_t*>(slots.data())};
  run(allocates.get(), {1, 1, 1}, {64, 1, 1}, words);
  run(frees.get(), {1, 1, 1}, {64, 1, 1}, words);
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(slots, std::vector<std::uint32_t*>(64, nullptr));
}

TEST_F(SystemCallsTest, HeapBeyondItsLimitGivesNull) {
  ASSERT_TRUE(device_.set_limit(CUDA_SHIM_LIMIT_MALLOC_HEAP, 1000).ok());
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        std::uint32_t* out = parameters_of<Words>(thread).words;
        out[0] = cuda_shim_host_malloc(thread, 900) != nullptr;
        out[1] = cuda_shim_host_malloc(thread, 900) != nullptr;
        out[2] = cuda_shim_host_malloc(thread, ~0ull) != nullptr;
      },
      0);
  std::uint32_t out[3] = {9, 9, 9};
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{out});
  EXPECT_EQ(out[0], 1u);
  EXPECT_EQ(out[1], 0u);
  EXPECT_EQ(out[2], 0u);
}

TEST_F(SystemCallsTest, FreeingTwiceEndsTheLaunch) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        void* block = cuda_shim_host_malloc(thread, 16);
        cuda_shim_host_free(thread, block);
        cuda_shim_host_free(thread, block);
      },
      0);
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kIllegalAddress);
}

TEST_F(SystemCallsTest, FailedAssertionPrintsCudasMessageAndEndsTheLaunch) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        if (thread->tid.x == 2 && thread->block->ctaid.y == 1)
          cuda_shim_host_assert_fail(thread, "x > 0", "file.cu", 12, "void kernel(int)", 1);
      },
      0);
  testing::internal::CaptureStderr();
  run(kernel.get(), {1, 2, 1}, {4, 1, 1}, Words{nullptr});
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("file.cu:12: void kernel(int): block: [0,1,0], thread: [2,0,0] Assertion `x "
                      "> 0` failed.\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(fault_code(), StatusCode::kAssert);
}

}  // namespace
}  // namespace cuda_shim::devices
