// Compiled by nvcc with a shared runtime: what its host code makes of launches, symbols and managed
// variables. Prints what is wrong and exits with the number of it.

#include <cstdio>
#include <vector>

namespace {

int failures = 0;

void expect(bool right, const char* what) {
  if (right) return;
  std::printf("wrong: %s (last error: %s)\n", what, cudaGetErrorString(cudaPeekAtLastError()));
  ++failures;
}

__device__ int counter = 3;
__constant__ float scale[2] = {2.0f, 0.5f};
__managed__ int managed = 40;

template <class T>
__global__ void multiply(T* values, int count) {
  int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at < count) values[at] *= static_cast<T>(scale[0]);
}

__global__ void add_managed(int* out) {
  *out = managed + counter;
}

__global__ void sum_shared(const int* in, int* out) {
  extern __shared__ int partial[];
  partial[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  if (threadIdx.x != 0) return;
  int sum = 0;
  for (unsigned at = 0; at < blockDim.x; ++at) sum += partial[at];
  *out = sum;
}

__global__ void many(char a, double b, short c, float3 d, int* out) {
  *out = a + static_cast<int>(b) + c + static_cast<int>(d.x + d.y + d.z);
}

int launched(int value) {
  int* out;
  cudaMallocManaged(&out, sizeof *out);
  many<<<1, 1>>>(1, 2.0, 3, make_float3(4, 5, 6), out);
  cudaDeviceSynchronize();
  int result = *out + value;
  cudaFree(out);
  return result;
}

void templates() {
  std::vector<float> values(1000, 1.5f);
  float* device;
  cudaMalloc(&device, values.size() * sizeof(float));
  cudaMemcpy(device, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice);
  multiply<<<8, 128>>>(device, 1000);
  cudaMemcpy(values.data(), device, values.size() * sizeof(float), cudaMemcpyDeviceToHost);
  bool right = true;
  for (float value : values) right = right && value == 3.0f;
  expect(right, "a template kernel multiplies by a constant");
  cudaFree(device);
}

void symbols() {
  int *out, value = 0, two = 2;
  cudaMallocManaged(&out, sizeof *out);
  managed = 50;
  expect(cudaMemcpyToSymbol(counter, &two, sizeof two) == cudaSuccess, "writing a symbol");
  add_managed<<<1, 1>>>(out);
  expect(cudaDeviceSynchronize() == cudaSuccess && *out == 52, "managed and global variables");
  expect(cudaMemcpyFromSymbol(&value, counter, sizeof value) == cudaSuccess && value == 2,
         "reading a symbol");
  cudaFree(out);
}

void shared_memory_and_stream() {
  cudaStream_t stream;
  int *in, *out;
  cudaStreamCreate(&stream);
  cudaMallocManaged(&in, 64 * sizeof *in);
  cudaMallocManaged(&out, sizeof *out);
  for (int at = 0; at < 64; ++at) in[at] = at;
  sum_shared<<<1, 64, 64 * sizeof(int), stream>>>(in, out);
  expect(cudaStreamSynchronize(stream) == cudaSuccess && *out == 2016,
         "dynamic shared memory in a stream");
  cudaFree(in);
  cudaFree(out);
  cudaStreamDestroy(stream);
}

void nested_launch() {
  // The inner launch happens while the outer one's configuration waits.
  int* out;
  cudaMallocManaged(&out, sizeof *out);
  many<<<1, 1>>>(static_cast<char>(launched(0)), 0.0, 0, make_float3(0, 0, 0), out);
  expect(cudaDeviceSynchronize() == cudaSuccess && *out == 21, "a launch in a launch's arguments");
  cudaFree(out);
}

void bad_configuration() {
  many<<<1, 5000>>>(1, 2.0, 3, make_float3(4, 5, 6), nullptr);
  expect(cudaGetLastError() == cudaErrorInvalidConfiguration, "a block too large is refused");
}

}  // namespace

int main() {
  templates();
  symbols();
  shared_memory_and_stream();
  nested_launch();
  bad_configuration();
  return failures;
}
