// Host functions in a stream: they run in order with the kernels around them, and the stream waits
// for them.

#include <vector>

#include "../sample.h"

__global__ void append(int* values, int* count, int value) {
  values[(*count)++] = value;
}

struct Log {
  std::vector<int> seen;
  const int* count;
};

void CUDART_CB note_count(void* argument) {
  auto* log = static_cast<Log*>(argument);
  log->seen.push_back(*log->count);
}

void CUDART_CB note_status(cudaStream_t, cudaError_t status, void* argument) {
  static_cast<Log*>(argument)->seen.push_back(status == cudaSuccess ? -1 : -2);
}

int main() {
  int *values, *count;
  SAMPLE_CHECK(cudaMalloc(&values, 64 * sizeof(int)));
  SAMPLE_CHECK(cudaMallocHost(&count, sizeof(int)));
  *count = 0;
  Log log{{}, count};

  cudaStream_t stream;
  SAMPLE_CHECK(cudaStreamCreate(&stream));
  for (int i = 0; i < 5; ++i) {
    append<<<1, 1, 0, stream>>>(values, count, i);
    SAMPLE_CHECK(cudaLaunchHostFunc(stream, note_count, &log));
  }
  SAMPLE_CHECK(cudaStreamAddCallback(stream, note_status, &log, 0));
  SAMPLE_CHECK(cudaStreamSynchronize(stream));
  SAMPLE_CHECK(cudaStreamDestroy(stream));
  return finish(log.seen == std::vector<int>{1, 2, 3, 4, 5, -1},
                "the host functions saw wrong counts");
}
