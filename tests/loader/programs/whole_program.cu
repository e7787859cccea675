// A program as applications are, small: registers a kernel and variables, reads structures that
// changed between CUDA's major versions, launches, copies. Built with the headers of each major;
// says what it found wrong and exits with 1.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>

__constant__ int scale;
__device__ int total;

__global__ void add(const int* values, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) atomicAdd(&total, scale * values[i]);
}

static bool right = true;

static void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("wrong: %s\n", what);
  right = false;
}

#define EXPECT(condition) expect(condition, #condition)

// A structure of this program's version, and bytes behind it which nobody may touch.
template <class T>
struct Guarded {
  T value;
  unsigned char guard[2048];
  Guarded() { std::memset(this, 0xa5, sizeof(*this)); }
  bool intact() const {
    for (unsigned char byte : guard)
      if (byte != 0xa5) return false;
    return true;
  }
};

static void look_at_structures(const int* device_memory) {
  static Guarded<cudaDeviceProp> device;
  EXPECT(cudaGetDeviceProperties(&device.value, 0) == cudaSuccess);
  EXPECT(device.intact());
  EXPECT(std::strlen(device.value.name) > 0);
  EXPECT(device.value.warpSize == 32);
  EXPECT(device.value.maxThreadsPerBlock == 1024);
  EXPECT(device.value.maxThreadsPerMultiProcessor >= 1024);
  EXPECT(device.value.sharedMemPerBlockOptin >= device.value.sharedMemPerBlock);
  EXPECT(device.value.maxBlocksPerMultiProcessor > 0 &&
         device.value.maxBlocksPerMultiProcessor < 1024);
  static Guarded<cudaPointerAttributes> pointer;
  EXPECT(cudaPointerGetAttributes(&pointer.value, device_memory) == cudaSuccess);
  EXPECT(pointer.intact());
  EXPECT(pointer.value.type == cudaMemoryTypeDevice &&
         pointer.value.devicePointer == device_memory);
  static Guarded<cudaFuncAttributes> function;
  EXPECT(cudaFuncGetAttributes(&function.value, add) == cudaSuccess);
  EXPECT(function.intact());
  EXPECT(function.value.maxThreadsPerBlock > 0 && function.value.maxThreadsPerBlock <= 1024);
}

int main() {
  int runtime = 0;
  EXPECT(cudaRuntimeGetVersion(&runtime) == cudaSuccess);
  EXPECT(runtime / 1000 == CUDART_VERSION / 1000);

  constexpr int kCount = 1000;
  int values[kCount];
  for (int i = 0; i < kCount; ++i) values[i] = i;
  int* memory = nullptr;
  int factor = 3, sum = 0;
  EXPECT(cudaMalloc(&memory, sizeof(values)) == cudaSuccess);
  look_at_structures(memory);
  EXPECT(cudaMemcpy(memory, values, sizeof(values), cudaMemcpyHostToDevice) == cudaSuccess);
  EXPECT(cudaMemcpyToSymbol(scale, &factor, sizeof(factor)) == cudaSuccess);
  add<<<8, 128>>>(memory, kCount);
  EXPECT(cudaGetLastError() == cudaSuccess);
  EXPECT(cudaMemcpyFromSymbol(&sum, total, sizeof(sum)) == cudaSuccess);
  EXPECT(sum == 3 * (kCount * (kCount - 1) / 2));
  EXPECT(cudaFree(memory) == cudaSuccess);
  return right ? 0 : 1;
}
