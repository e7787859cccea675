// What outlives what: contexts, streams and events that end while others use them, threads that
// end, and the child of a fork.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "context_fixture.h"
#include "forked_child.h"
#include "gate.h"
#include "ptx_sources.h"

extern "C" CUresult cuLaunchHostFunc_ptsz(CUstream, CUhostFn, void*);
extern "C" CUresult cuStreamSynchronize_ptsz(CUstream);

namespace {

using Lifetime = ContextFixture;

// Returns once the thread blocks in the kernel.
void wait_until_asleep(pid_t thread) {
  std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (char state = 'R'; state != 'S'; std::this_thread::yield()) {
    std::ifstream stat(path);
    std::string line;
    std::getline(stat, line);
    state = line.at(line.rfind(')') + 2);
  }
}

void raise(void* flag) {
  static_cast<std::atomic<bool>*>(flag)->store(true);
}

TEST_F(Lifetime, AStreamMayWaitForAnEventWhoseContextHasEnded) {
  CUcontext other = nullptr;
  ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  Gate there;
  there.close(nullptr);
  ASSERT_CU(cuEventRecord(event, nullptr));
  ASSERT_CU(cuCtxSetCurrent(context_));
  Gate here;
  here.close(nullptr);
  ASSERT_CU(cuStreamWaitEvent(nullptr, event, 0));
  std::atomic<bool> done = false;
  ASSERT_CU(cuLaunchHostFunc(nullptr, raise, &done));
  there.open();
  ASSERT_CU(cuCtxDestroy(other));
  here.open();
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_TRUE(done);
}

TEST_F(Lifetime, AContextMayEndWhileAnotherWaitsForIt) {
  for (int round = 0; round < 50; ++round) {
    CUcontext other = nullptr;
    ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
    CUevent event = nullptr;
    ASSERT_CU(cuEventCreate(&event, 0));
    Gate there;
    there.close(nullptr);
    ASSERT_CU(cuEventRecord(event, nullptr));
    ASSERT_CU(cuCtxSetCurrent(context_));
    ASSERT_CU(cuStreamWaitEvent(nullptr, event, 0));
    there.open();
    ASSERT_CU(cuCtxDestroy(other));
    ASSERT_CU(cuCtxSynchronize());
  }
}

TEST_F(Lifetime, AnEventMayBeDestroyedWhileAThreadWaitsForIt) {
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  Gate gate;
  gate.close(nullptr);
  ASSERT_CU(cuEventRecord(event, nullptr));
  std::promise<pid_t> begun;
  auto wait = std::async(std::launch::async, [&] {
    begun.set_value(::gettid());
    return cuEventSynchronize(event);
  });
  wait_until_asleep(begun.get_future().get());
  ASSERT_CU(cuEventDestroy(event));
  gate.open();
  EXPECT_CU(wait.get());
  EXPECT_CU(cuCtxSynchronize());
}

TEST_F(Lifetime, OfManyThreadsOneDestroysAContext) {
  for (int round = 0; round < 20; ++round) {
    CUcontext other = nullptr;
    ASSERT_CU(cuCtxCreate(&other, nullptr, 0, device_));
    std::atomic<int> destroyed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] { destroyed += cuCtxDestroy(other) == CUDA_SUCCESS; });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(destroyed, 1);
    cuCtxSetCurrent(context_);
  }
}

// Uses the thread's default stream after that has ended: it is made earlier, and so ends later.
struct LateUser {
  CUcontext context = nullptr;
  std::atomic<int>* calls = nullptr;
  ~LateUser() {
    auto count = [](void* counter) { ++*static_cast<std::atomic<int>*>(counter); };
    for (int i = 0; i < 10; ++i) EXPECT_CU(cuLaunchHostFunc_ptsz(nullptr, count, calls));
    EXPECT_CU(cuStreamSynchronize_ptsz(nullptr));
  }
};

TEST_F(Lifetime, AThreadsDefaultStreamMayBeUsedFromItsLastDestructors) {
  std::atomic<int> calls = 0;
  std::thread([&] {
    thread_local LateUser user;
    user.context = context_;
    user.calls = &calls;
    ASSERT_CU(cuCtxSetCurrent(context_));
    ASSERT_CU(cuStreamSynchronize_ptsz(nullptr));
  }).join();
  EXPECT_EQ(calls, 10);
}

TEST_F(Lifetime, AResetDoesNotReleaseThePrimaryContext) {
  CUcontext primary = nullptr;
  ASSERT_CU(cuDevicePrimaryCtxRetain(&primary, device_));
  ASSERT_CU(cuDevicePrimaryCtxReset(device_));
  unsigned flags = 0;
  int active = 1;
  ASSERT_CU(cuDevicePrimaryCtxGetState(device_, &flags, &active));
  EXPECT_EQ(active, 0);
  EXPECT_CU(cuDevicePrimaryCtxRelease(device_));
  EXPECT_EQ(cuDevicePrimaryCtxRelease(device_), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(Lifetime, LoadingAModuleDoesNotWaitForTheLegacyStream) {
  Gate gate;
  gate.close(nullptr);
  CUmodule module = nullptr;
  ASSERT_CU(cuModuleLoadData(&module, kGlobals));
  CUdeviceptr counter = 0;
  size_t bytes = 0;
  ASSERT_CU(cuModuleGetGlobal(&counter, &bytes, module, "counter"));
  gate.open();
  int value = 0;
  ASSERT_CU(cuMemcpyDtoH(&value, counter, 4));
  EXPECT_EQ(value, 40);
}

// The child has none of the driver's threads: waiting there would never end.
TEST_F(Lifetime, NothingWorksInTheChildOfAFork) {
  ASSERT_CU(cuStreamSynchronize_ptsz(nullptr));  // a stream that ends with the thread
  Gate gate;
  gate.close(nullptr);
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    cuda_shim::test::in_forked_child = true;
    CUdeviceptr memory = 0;
    bool refused = cuCtxSynchronize() == CUDA_ERROR_NOT_INITIALIZED &&
                   cuMemAlloc(&memory, 4) == CUDA_ERROR_NOT_INITIALIZED &&
                   cuInit(0) == CUDA_ERROR_NOT_INITIALIZED;
    std::exit(refused ? 0 : 1);
  }
  gate.open();
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_CU(cuCtxSynchronize()) << "the parent goes on";
}

}  // namespace
