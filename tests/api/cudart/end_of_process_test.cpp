// How a process ends, and the child of a fork, although work is under way.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "api/cudart/registered_program.h"
#include "forked_child.h"

namespace cuda_shim::test {
namespace {

RegisteredProgram* program = nullptr;
/// Not destroyed, as somebody waits for it even while the process ends.
std::promise<void>& never = *new std::promise<void>;

// A program that has run a kernel and left its default stream busy for ever. As nvcc's host code
// does, it unregisters from an exit handler.
void begin_endless_work() {
  ::alarm(60);
  program = new RegisteredProgram;
  std::atexit([] { delete program; });
  int* value = nullptr;
  if (cudaMallocManaged(reinterpret_cast<void**>(&value), sizeof *value, cudaMemAttachGlobal) !=
          cudaSuccess ||
      launch_add(*program, value, 1) != cudaSuccess)
    ::_exit(3);
  static std::future<void> future = never.get_future();
  auto wait = [](void* forever) { static_cast<std::future<void>*>(forever)->wait(); };
  if (cudaLaunchHostFunc(nullptr, wait, &future) != cudaSuccess) ::_exit(4);
}

void fork_and_use_in_child() {
  begin_endless_work();
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    in_forked_child = true;
    std::exit(cudaDeviceSynchronize() == cudaErrorInitializationError ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

class EndOfProcessDeathTest : public testing::Test {
 protected:
  // The statements run in a fresh process, without the driver's threads of this one.
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(EndOfProcessDeathTest, DoesNotWaitForWorkInFlight) {
  EXPECT_EXIT(
      {
        begin_endless_work();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(EndOfProcessDeathTest, TheChildOfAForkIsToldThatCudaIsNotInitialised) {
  EXPECT_EXIT(fork_and_use_in_child(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cuda_shim::test
