// What faults in kernels and wrong arguments give. Each fault has a process of its own, because a
// context does not survive it.

#include <sys/wait.h>
#include <unistd.h>

#include <cassert>
#include <cstring>

#include "../sample.h"

__global__ void write_to(int* address) {
  *address = 1;
}

__global__ void trap_if(bool condition) {
  if (condition) __trap();
}

__global__ void assert_small(int value) {
  assert(value < 10);
}

__global__ void set(int* address) {
  *address = 42;
}

void touch_null() {
  write_to<<<1, 1>>>(nullptr);
}
void touch_far() {
  write_to<<<1, 1>>>(reinterpret_cast<int*>(0x7fff00000000ull));
}
void trap() {
  trap_if<<<1, 1>>>(true);
}
void fail_assertion() {
  assert_small<<<1, 32>>>(10);
}

struct Fault {
  const char* name;
  void (*cause)();
  cudaError_t expected;
};

const Fault faults[] = {
    {"null pointer", touch_null, cudaErrorIllegalAddress},
    {"address without memory", touch_far, cudaErrorIllegalAddress},
    {"trap", trap, cudaErrorLaunchFailure},
    {"assertion", fail_assertion, cudaErrorAssert},
};

/// The fault comes with the synchronisation and stays.
bool gives_error(const Fault& fault) {
  fault.cause();
  const cudaError_t first = cudaDeviceSynchronize();
  int* memory;
  const cudaError_t second = cudaMalloc(&memory, 64);
  if (first == fault.expected && second == fault.expected) return true;
  std::printf("%s: %s, then %s\n", fault.name, cudaGetErrorName(first), cudaGetErrorName(second));
  std::fflush(stdout);
  return false;
}

bool right_in_child(const Fault& fault) {
  const pid_t child = fork();
  if (child == 0) _exit(gives_error(fault) ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Errors that a context survives.
bool check_arguments() {
  int *memory, value = 0;
  SAMPLE_CHECK(cudaMalloc(&memory, sizeof(int)));
  set<<<1, 4096>>>(memory);
  bool right = cudaPeekAtLastError() == cudaErrorInvalidConfiguration;
  right = right && cudaGetLastError() == cudaErrorInvalidConfiguration &&
          cudaGetLastError() == cudaSuccess;
  set<<<0, 1>>>(memory);
  right = right && cudaGetLastError() == cudaErrorInvalidConfiguration;
  right = right && cudaMemcpy(&value, memory, sizeof(int), static_cast<cudaMemcpyKind>(9)) ==
                       cudaErrorInvalidMemcpyDirection;
  right = right && cudaSetDevice(1000) == cudaErrorInvalidDevice;
  right = right && cudaFree(&value) == cudaErrorInvalidValue;
  right = right && std::strcmp(cudaGetErrorName(cudaGetLastError()), "cudaErrorInvalidValue") == 0;

  set<<<1, 1>>>(memory);
  SAMPLE_CHECK(cudaMemcpy(&value, memory, sizeof(int), cudaMemcpyDeviceToHost));
  return right && value == 42;
}

int main() {
  // Before the first call of CUDA: it must not be used on both sides of a fork.
  for (const Fault& fault : faults)
    if (!right_in_child(fault)) return finish(false, fault.name);
  return finish(check_arguments(), "an argument's error is wrong");
}
