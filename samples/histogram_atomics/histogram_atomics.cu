// Counts bytes with atomics in shared memory, then adds the blocks' counts in global memory. The
// other atomics get a kernel of their own.

#include <vector>

#include "../sample.h"

constexpr int kBins = 256;

__global__ void histogram(const unsigned char* bytes, int count, unsigned* bins) {
  __shared__ unsigned block_bins[kBins];
  for (int bin = threadIdx.x; bin < kBins; bin += blockDim.x) block_bins[bin] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    atomicAdd(&block_bins[bytes[i]], 1u);
  __syncthreads();
  for (int bin = threadIdx.x; bin < kBins; bin += blockDim.x)
    atomicAdd(&bins[bin], block_bins[bin]);
}

struct Tallies {
  int minimum, maximum;
  unsigned bits_or, bits_xor, wrapped;
  unsigned long long wide;
  float fraction;
  double by_hand;  // added to by compare-and-swap
};

__global__ void tally(Tallies* tallies) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicMin(&tallies->minimum, 100 - i);
  atomicMax(&tallies->maximum, i);
  atomicOr(&tallies->bits_or, 1u << (i % 32));
  atomicXor(&tallies->bits_xor, static_cast<unsigned>(i));
  atomicInc(&tallies->wrapped, 9);
  atomicAdd(&tallies->wide, 1ull << 32);
  atomicAdd(&tallies->fraction, 0.25f);

  auto* address = reinterpret_cast<unsigned long long*>(&tallies->by_hand);
  unsigned long long seen = *address, expected;
  do {
    expected = seen;
    const double next = __longlong_as_double(static_cast<long long>(expected)) + 0.5;
    seen =
        atomicCAS(address, expected, static_cast<unsigned long long>(__double_as_longlong(next)));
  } while (seen != expected);
}

bool check_histogram() {
  constexpr int kCount = 70001;
  std::vector<unsigned char> bytes(kCount);
  std::vector<unsigned> expected(kBins), bins(kBins);
  for (unsigned i = 0; i < kCount; ++i)
    ++expected[bytes[i] = static_cast<unsigned char>(i * i / 7)];

  unsigned char* device_bytes;
  unsigned* device_bins;
  SAMPLE_CHECK(cudaMalloc(&device_bytes, kCount));
  SAMPLE_CHECK(cudaMalloc(&device_bins, kBins * sizeof(unsigned)));
  SAMPLE_CHECK(cudaMemcpy(device_bytes, bytes.data(), kCount, cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemset(device_bins, 0, kBins * sizeof(unsigned)));
  histogram<<<8, 128>>>(device_bytes, kCount, device_bins);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(
      cudaMemcpy(bins.data(), device_bins, kBins * sizeof(unsigned), cudaMemcpyDeviceToHost));
  return bins == expected;
}

bool check_tallies() {
  constexpr int kBlocks = 4, kThreads = 64, kCount = kBlocks * kThreads;
  Tallies tallies = {};
  Tallies* device;
  SAMPLE_CHECK(cudaMalloc(&device, sizeof(tallies)));
  SAMPLE_CHECK(cudaMemcpy(device, &tallies, sizeof(tallies), cudaMemcpyHostToDevice));
  tally<<<kBlocks, kThreads>>>(device);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(&tallies, device, sizeof(tallies), cudaMemcpyDeviceToHost));
  return tallies.minimum == 101 - kCount && tallies.maximum == kCount - 1 &&
         tallies.bits_or == 0xffffffff && tallies.bits_xor == 0 && tallies.wrapped == kCount % 10 &&
         tallies.wide == static_cast<unsigned long long>(kCount) << 32 &&
         tallies.fraction == 0.25f * kCount && tallies.by_hand == 0.5 * kCount;
}

int main() {
  if (!check_histogram()) return finish(false, "a bin is wrong");
  return finish(check_tallies(), "an atomic operation's result is wrong");
}
