// Constant and global variables: initial values, copies to and from symbols, their addresses and
// sizes.

#include "../sample.h"

constexpr int kCoefficients = 4;

__constant__ float coefficients[kCoefficients];
__constant__ int offset = 7;
__device__ int counter = 40;
__device__ int* counter_address = &counter;  // an initial value that is an address
__device__ const char greeting[] = "hello";

__global__ void polynomial(const float* x, float* y, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float value = 0;
  for (int power = kCoefficients - 1; power >= 0; --power)
    value = value * x[i] + coefficients[power];
  y[i] = value + offset;
}

__global__ void count_up() {
  *counter_address += 1 + (greeting[1] == 'e');
}

bool check_polynomial() {
  constexpr int kCount = 100;
  float x[kCount], y[kCount];
  for (int i = 0; i < kCount; ++i) x[i] = i - 50.0f;
  const float values[kCoefficients] = {1, -2, 3, 0.5f};
  SAMPLE_CHECK(cudaMemcpyToSymbol(coefficients, values, sizeof(values)));
  const float cubic = 2;
  SAMPLE_CHECK(cudaMemcpyToSymbol(coefficients, &cubic, sizeof(cubic), 3 * sizeof(float)));

  float *device_x, *device_y;
  SAMPLE_CHECK(cudaMalloc(&device_x, sizeof(x)));
  SAMPLE_CHECK(cudaMalloc(&device_y, sizeof(y)));
  SAMPLE_CHECK(cudaMemcpy(device_x, x, sizeof(x), cudaMemcpyHostToDevice));
  polynomial<<<1, 128>>>(device_x, device_y, kCount);
  SAMPLE_CHECK(cudaMemcpy(y, device_y, sizeof(y), cudaMemcpyDeviceToHost));
  bool right = true;
  for (int i = 0; i < kCount; ++i) right = right && y[i] == ((2 * x[i] + 3) * x[i] - 2) * x[i] + 8;
  return right;
}

bool check_counter() {
  count_up<<<1, 1>>>();
  int value = 0;
  SAMPLE_CHECK(cudaMemcpyFromSymbol(&value, counter, sizeof(value)));
  if (value != 42) return false;

  void* address;
  std::size_t size;
  SAMPLE_CHECK(cudaGetSymbolAddress(&address, counter));
  SAMPLE_CHECK(cudaGetSymbolSize(&size, coefficients));
  SAMPLE_CHECK(cudaMemset(address, 0, sizeof(int)));
  count_up<<<1, 1>>>();
  SAMPLE_CHECK(cudaMemcpyFromSymbol(&value, counter, sizeof(value)));
  return value == 2 && size == sizeof(float) * kCoefficients;
}

int main() {
  if (!check_polynomial()) return finish(false, "a value of the polynomial is wrong");
  if (!check_counter()) return finish(false, "a device variable is wrong");
  // Not a symbol of the device.
  static int host_variable;
  std::size_t size;
  const bool refused =
      cudaGetSymbolSize(&size, static_cast<const void*>(&host_variable)) == cudaErrorInvalidSymbol;
  cudaGetLastError();
  return finish(refused, "a host variable was taken for a symbol");
}
