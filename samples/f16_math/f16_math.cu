// Half precision: conversions, arithmetic on one and two values at a time, comparisons, rounding.

#include <cuda_fp16.h>

#include <cmath>
#include <vector>

#include "../sample.h"

struct Results {
  __half sum, product, fused, quotient;
  __half2 pair;
  float back;
  int as_integer;
  bool less, nan;
};

__global__ void compute(const float* x, const float* y, Results* results, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const __half a = __float2half_rn(x[i]), b = __float2half_rn(y[i]);
  Results& r = results[i];
  r.sum = __hadd(a, b);
  r.product = __hmul(a, b);
  r.fused = __hfma(a, b, a);
  r.quotient = __hdiv(a, b);
  r.pair = __hfma2(__halves2half2(a, b), __float2half2_rn(2.0f), __floats2half2_rn(1.0f, -1.0f));
  r.back = __half2float(a);
  r.as_integer = __half2int_rz(a);
  r.less = __hlt(a, b);
  r.nan = __hisnan(__hsub(__float2half(INFINITY), __float2half(INFINITY)));
}

float half_of(float value) {
  return __half2float(__float2half_rn(value));
}

/// Inputs have so few bits that float arithmetic is exact and one rounding to half remains.
bool right(float x, float y, const Results& r) {
  const float quotient = __half2float(r.quotient);
  return __half2float(r.sum) == half_of(x + y) && __half2float(r.product) == half_of(x * y) &&
         __half2float(r.fused) == half_of(x * y + x) &&
         std::fabs(quotient - x / y) <= std::fabs(x / y) / 1024 &&
         __low2float(r.pair) == half_of(2 * x + 1) && __high2float(r.pair) == half_of(2 * y - 1) &&
         r.back == x && r.as_integer == static_cast<int>(x) && r.less == (x < y) && r.nan;
}

int main() {
  constexpr int kCount = 500;
  std::vector<float> x(kCount), y(kCount);
  std::vector<Results> results(kCount);
  for (int i = 0; i < kCount; ++i) {
    x[i] = (i - 250) * 0.375f;
    y[i] = (i * 7 % 100 + 1) * 0.0625f;
  }
  float *device_x, *device_y;
  Results* device_results;
  SAMPLE_CHECK(cudaMalloc(&device_x, kCount * sizeof(float)));
  SAMPLE_CHECK(cudaMalloc(&device_y, kCount * sizeof(float)));
  SAMPLE_CHECK(cudaMalloc(&device_results, kCount * sizeof(Results)));
  SAMPLE_CHECK(cudaMemcpy(device_x, x.data(), kCount * sizeof(float), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemcpy(device_y, y.data(), kCount * sizeof(float), cudaMemcpyHostToDevice));
  compute<<<4, 128>>>(device_x, device_y, device_results, kCount);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(
      cudaMemcpy(results.data(), device_results, kCount * sizeof(Results), cudaMemcpyDeviceToHost));
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) wrong += !right(x[i], y[i], results[i]);
  std::printf("%d of %d wrong\n", wrong, kCount);
  return finish(wrong == 0, "a result is wrong");
}
