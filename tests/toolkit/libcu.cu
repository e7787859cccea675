// libcu++: atomics in every scope and order, semaphores, latches, barriers with their completion
// and phases, pipelines of several stages, and std's arithmetic types on the device.

#include <cooperative_groups.h>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/latch>
#include <cuda/pipeline>
#include <cuda/semaphore>
#include <cuda/std/array>
#include <cuda/std/atomic>
#include <cuda/std/bit>
#include <cuda/std/chrono>
#include <cuda/std/complex>
#include <cuda/std/limits>
#include <cuda/std/mdspan>
#include <cuda/std/optional>
#include <cuda/std/span>
#include <cuda/std/tuple>
#include <cuda/std/variant>
#include <numeric>

#include "check.h"

namespace cg = cooperative_groups;
using namespace toolkit;

namespace {

constexpr int kBlocks = 6, kThreads = 64, kAll = kBlocks * kThreads;

/// One word for each operation that an atomic has.
template <class T>
struct Operations {
  T added, taken, anded, ored, flipped, least, most, exchanged, counted_by_exchange;
};

template <class T, cuda::thread_scope kScope>
__global__ void operate(Operations<T>* words, cuda::memory_order order) {
  const auto ref = [](T& word) { return cuda::atomic_ref<T, kScope>(word); };
  const T mine = blockIdx.x * blockDim.x + threadIdx.x + 1;
  ref(words->added).fetch_add(mine, order);
  ref(words->taken).fetch_sub(mine, order);
  ref(words->anded).fetch_and(~(T{1} << mine % 30), order);
  ref(words->ored).fetch_or(T{1} << mine % 31, order);
  ref(words->flipped).fetch_xor(mine, order);
  ref(words->least).fetch_min(mine, order);
  ref(words->most).fetch_max(mine, order);
  ref(words->exchanged).exchange(7, order);
  T seen = ref(words->counted_by_exchange).load(cuda::memory_order_relaxed);
  while (!ref(words->counted_by_exchange).compare_exchange_weak(seen, seen + 2, order)) {
  }
}

template <class T, cuda::thread_scope kScope>
void operations(const char* what) {
  Operations<T> expected{0, 0, T(~T{0}), 0, 0, 1, T(kAll), 7, 2 * kAll};
  for (int i = 1; i <= kAll; ++i) {
    expected.added += i;
    expected.taken -= i;
    expected.anded &= ~(T{1} << i % 30);
    expected.ored |= T{1} << i % 31;
    expected.flipped ^= T(i);
  }
  for (const auto order :
       {cuda::memory_order_relaxed, cuda::memory_order_acquire, cuda::memory_order_release,
        cuda::memory_order_acq_rel, cuda::memory_order_seq_cst}) {
    const Array<Operations<T>> words(
        std::vector<Operations<T>>{{0, 0, T(~T{0}), 0, 0, T(1000), 0, 0, 0}});
    operate<T, kScope><<<kBlocks, kThreads>>>(words, order);
    const Operations<T> got = words.host()[0];
    expect(std::memcmp(&got, &expected, sizeof got) == 0, what);
  }
}

void atomics() {
  operations<std::uint32_t, cuda::thread_scope_device>("32 bits, device");
  operations<std::int32_t, cuda::thread_scope_system>("32 bits, system");
  operations<std::uint64_t, cuda::thread_scope_device>("64 bits, device");
  operations<std::int64_t, cuda::thread_scope_system>("64 bits, system");
}

__global__ void odd_sizes(unsigned char* bytes, std::uint16_t* halfwords, float* floats,
                          double* doubles, int* block_sums) {
  __shared__ cuda::atomic<int, cuda::thread_scope_block> sum;
  if (threadIdx.x == 0) sum.store(0, cuda::memory_order_relaxed);
  __syncthreads();
  sum += threadIdx.x;
  // Neighbours in one word must not hurt each other.
  cuda::atomic_ref<unsigned char, cuda::thread_scope_device>(bytes[threadIdx.x % 4]) += 3;
  cuda::atomic_ref<std::uint16_t, cuda::thread_scope_device>(halfwords[threadIdx.x % 2])
      .fetch_add(5);
  cuda::atomic_ref<float, cuda::thread_scope_device>(*floats).fetch_add(0.5f);
  cuda::atomic_ref<double, cuda::thread_scope_device>(*doubles).fetch_max(threadIdx.x * 1.5);
  __syncthreads();
  if (threadIdx.x == 0) block_sums[blockIdx.x] = sum.load();
}

void atomics_of_other_types() {
  const Array<unsigned char> bytes(4);
  const Array<std::uint16_t> halfwords(2);
  const Array<float> floats(1);
  const Array<double> doubles(1);
  const Array<int> sums(kBlocks);
  odd_sizes<<<kBlocks, kThreads>>>(bytes, halfwords, floats, doubles, sums);
  expect_same("bytes", bytes, std::vector<unsigned char>(4, kAll / 4 * 3 % 256));
  expect_same("halfwords", halfwords, std::vector<std::uint16_t>(2, kAll / 2 * 5));
  expect_same("float", floats, {kAll * 0.5f});
  expect_same("double", doubles, {(kThreads - 1) * 1.5});
  expect_same("blocks", sums, std::vector<int>(kBlocks, kThreads * (kThreads - 1) / 2));
}

/// Data passes from block to block behind a flag: block n waits for n.
__global__ void relay(int* data, cuda::atomic<unsigned, cuda::thread_scope_device>* flag) {
  if (threadIdx.x == 0) {
    for (unsigned seen = flag->load(cuda::memory_order_acquire); seen != blockIdx.x;
         seen = flag->load(cuda::memory_order_acquire))
      flag->wait(seen, cuda::memory_order_relaxed);
    *data = *data * 3 + blockIdx.x;
    cuda::atomic_thread_fence(cuda::memory_order_release, cuda::thread_scope_device);
    flag->store(blockIdx.x + 1, cuda::memory_order_relaxed);
    flag->notify_all();
  }
}

__global__ void guarded(cuda::counting_semaphore<cuda::thread_scope_device, 3>* semaphore,
                        int* inside, int* most, cuda::latch<cuda::thread_scope_device>* latch,
                        int* after) {
  semaphore->acquire();
  const int now = atomicAdd(inside, 1) + 1;
  atomicMax(most, now);
  __nanosleep(10);
  atomicSub(inside, 1);
  semaphore->release();
  latch->arrive_and_wait();
  atomicAdd(after, *inside + 1);  // nobody is inside any more
}

template <class T>
__global__ void construct(T* object, int value) {
  new (object) T(value);
}

void waiting() {
  const Array<int> data(1), inside(1), most(1), after(1);
  const Array<cuda::atomic<unsigned, cuda::thread_scope_device>> flag(1);
  relay<<<40, 32>>>(data, flag);
  int expected = 0;
  for (int i = 0; i < 40; ++i) expected = static_cast<int>(static_cast<unsigned>(expected) * 3 + i);
  expect_same("relay", data, {expected});

  using Semaphore = cuda::counting_semaphore<cuda::thread_scope_device, 3>;
  using Latch = cuda::latch<cuda::thread_scope_device>;
  Semaphore* semaphore;
  Latch* latch;
  CHECK(cudaMalloc(&semaphore, sizeof(Semaphore)));
  CHECK(cudaMalloc(&latch, sizeof(Latch)));
  construct<<<1, 1>>>(semaphore, 3);
  construct<<<1, 1>>>(latch, 2 * 32);
  guarded<<<2, 32>>>(semaphore, inside, most, latch, after);
  expect_same("after the latch", after, {64});
  expect(most.host()[0] >= 1 && most.host()[0] <= 3, "the semaphore lets three in");
  CHECK(cudaFree(semaphore));
  CHECK(cudaFree(latch));
}

struct CountPhase {
  int* phases;
  __device__ void operator()() noexcept { ++*phases; }
};

/// Half of the threads produce, the others consume; the barrier counts its phases.
__global__ void phases(int* sums, int* phase_count, int rounds) {
  __shared__ int buffer[kThreads / 2];
  __shared__ cuda::barrier<cuda::thread_scope_block> ready, empty;
  __shared__ alignas(cuda::barrier<cuda::thread_scope_block, CountPhase>) unsigned char
      counted_room[sizeof(cuda::barrier<cuda::thread_scope_block, CountPhase>)];
  auto& counted =
      *reinterpret_cast<cuda::barrier<cuda::thread_scope_block, CountPhase>*>(counted_room);
  if (threadIdx.x == 0) {
    init(&ready, blockDim.x);
    init(&empty, blockDim.x);
    new (&counted)
        cuda::barrier<cuda::thread_scope_block, CountPhase>(blockDim.x, CountPhase{phase_count});
  }
  __syncthreads();
  const bool producer = threadIdx.x < kThreads / 2;
  const int place = threadIdx.x % (kThreads / 2);
  int sum = 0;
  for (int round = 0; round < rounds; ++round) {
    if (producer) {
      empty.arrive_and_wait();
      buffer[place] = round * 100 + place;
      (void)ready.arrive();
    } else {
      (void)empty.arrive();
      ready.arrive_and_wait();
      sum += buffer[kThreads / 2 - 1 - place];
    }
    if (producer) ready.wait_parity(round % 2);
    counted.arrive_and_wait();
  }
  if (!producer) sums[place] = sum;
}

void barriers() {
  constexpr int kRounds = 5;
  const Array<int> sums(kThreads / 2), count(1);
  phases<<<1, kThreads>>>(sums, count, kRounds);
  std::vector<int> expected(kThreads / 2);
  for (int i = 0; i < kThreads / 2; ++i)
    for (int round = 0; round < kRounds; ++round) expected[i] += round * 100 + kThreads / 2 - 1 - i;
  expect_same("sums", sums, expected);
  expect_same("phases", count, {kRounds});
}

__global__ void copy_behind_barrier(const int4* from, int4* to, int count) {
  __shared__ int4 tile[256];
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  const auto block = cg::this_thread_block();
  if (threadIdx.x == 0) init(&barrier, blockDim.x);
  block.sync();
  cuda::memcpy_async(block, tile, from, cuda::aligned_size_t<16>(sizeof(int4) * count), barrier);
  auto token = barrier.arrive();
  barrier.wait(std::move(token));
  for (int i = threadIdx.x; i < count; i += blockDim.x) to[i] = tile[count - 1 - i];
}

/// All threads fill and use stages that they share.
template <int kStages>
__global__ void unified_pipeline(const int* from, int* to, int tiles) {
  __shared__ int buffer[kStages][kThreads];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, kStages> state;
  const auto block = cg::this_thread_block();
  auto pipeline = cuda::make_pipeline(block, &state);
  int fetched = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    for (; fetched < tiles && fetched < tile + kStages; ++fetched) {
      pipeline.producer_acquire();
      cuda::memcpy_async(block, buffer[fetched % kStages], from + fetched * kThreads,
                         sizeof(int) * kThreads, pipeline);
      pipeline.producer_commit();
    }
    pipeline.consumer_wait();
    to[tile * kThreads + threadIdx.x] = buffer[tile % kStages][kThreads - 1 - threadIdx.x];
    pipeline.consumer_release();
  }
}

/// One warp fetches, the other works.
template <int kStages>
__global__ void partitioned_pipeline(const int* from, int* to, int tiles) {
  __shared__ int buffer[kStages][32];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, kStages> state;
  const auto role =
      threadIdx.x < 32 ? cuda::pipeline_role::producer : cuda::pipeline_role::consumer;
  auto pipeline = cuda::make_pipeline(cg::this_thread_block(), &state, role);
  const int lane = threadIdx.x % 32;
  for (int tile = 0; tile < tiles; ++tile) {
    int* stage = buffer[tile % kStages];
    if (role == cuda::pipeline_role::producer) {
      pipeline.producer_acquire();
      cuda::memcpy_async(stage + lane, from + tile * 32 + lane, sizeof(int), pipeline);
      pipeline.producer_commit();
    } else {
      pipeline.consumer_wait();
      to[tile * 32 + lane] = stage[31 - lane];
      pipeline.consumer_release();
    }
  }
}

/// Each thread for itself.
__global__ void thread_pipeline(const int* from, int* to, int rounds) {
  __shared__ int buffer[2][kThreads];
  auto pipeline = cuda::make_pipeline();
  const int stride = blockDim.x;
  for (int i = 0; i <= rounds; ++i) {
    if (i < rounds) {
      pipeline.producer_acquire();
      cuda::memcpy_async(&buffer[i % 2][threadIdx.x], from + i * stride + threadIdx.x, sizeof(int),
                         pipeline);
      pipeline.producer_commit();
    }
    if (i == 0) continue;
    if (i < rounds)
      cuda::pipeline_consumer_wait_prior<1>(pipeline);
    else
      cuda::pipeline_consumer_wait_prior<0>(pipeline);
    to[(i - 1) * stride + threadIdx.x] = buffer[(i - 1) % 2][threadIdx.x] + 1;
    pipeline.consumer_release();
  }
}

std::vector<int> reversed_tiles(std::vector<int> values, int tile) {
  for (auto i = values.begin(); i != values.end(); i += tile) std::reverse(i, i + tile);
  return values;
}

void copies() {
  constexpr int kTiles = 9, kCount = kTiles * kThreads;
  std::vector<int> values(kCount);
  std::iota(values.begin(), values.end(), 3);
  const Array<int> from(values), to(kCount);
  const auto vector = [](const Array<int>& a) { return reinterpret_cast<int4*>((int*)a); };
  copy_behind_barrier<<<1, kThreads>>>(vector(from), vector(to), kCount / 4);
  std::vector<int> expected = reversed_tiles(values, kCount);
  expect_same("barrier", to, reversed_tiles(expected, 4));
  unified_pipeline<1><<<1, kThreads>>>(from, to, kTiles);
  expect_same("one stage", to, reversed_tiles(values, kThreads));
  unified_pipeline<4><<<1, kThreads>>>(from, to, kTiles - 1);
  unified_pipeline<3><<<1, kThreads>>>(from, to, kTiles);
  expect_same("three stages", to, reversed_tiles(values, kThreads));
  partitioned_pipeline<2><<<1, 64>>>(from, to, kCount / 32);
  expect_same("a warp fetches", to, reversed_tiles(values, 32));
  thread_pipeline<<<1, kThreads>>>(from, to, kTiles);
  std::iota(expected.begin(), expected.end(), 4);
  expect_same("each thread", to, expected);
}

/// Compiled for both sides, so that the host's results can be compared.
struct Arithmetic {
  cuda::std::complex<float> power;
  cuda::std::complex<double> root, quotient;
  int traced, bits, leading, alternative, second;
  std::uint32_t rotated;
  long long minutes;
};

__host__ __device__ Arithmetic arithmetic(int i) {
  namespace std_ = cuda::std;
  Arithmetic r{};
  const std_::complex<float> z(i * 0.125f, 1.0f - i * 0.25f);
  r.power = z * z + z / std_::complex<float>(2, 1);
  r.root = std_::sqrt(std_::complex<double>(i, -3.0));
  r.quotient = std_::exp(std_::complex<double>(0.01 * i, 2.0)) / std_::complex<double>(3, i);
  int room[12];
  for (int j = 0; j < 12; ++j) room[j] = i * j;
  const std_::mdspan<int, std_::extents<int, 3, std_::dynamic_extent>> rows(room, 4);
  const std_::mdspan<int, std_::extents<int, 4, 3>, std_::layout_left> columns(room);
  for (int j = 0; j < 3; ++j) r.traced += rows(j, j + 1) - columns(j + 1, j);
  r.bits = std_::popcount(static_cast<unsigned>(i * 2654435761u));
  r.leading = std_::countl_zero(static_cast<unsigned>(i) << 3);
  r.rotated = std_::rotl(0x80000001u * static_cast<unsigned>(i), i % 32);
  std_::optional<int> maybe;
  if (i % 2) maybe = i;
  std_::variant<int, float> either = 5;
  if (i % 3 == 0) either = 2.5f;
  r.alternative = maybe.value_or(-1) + static_cast<int>(either.index()) * 1000;
  r.second = std_::get<1>(std_::make_tuple(1.5f, i + 2, 'x'));
  const std_::chrono::seconds time(i * 100);
  r.minutes = std_::chrono::duration_cast<std_::chrono::minutes>(time).count();
  return r;
}

__global__ void arithmetic_on_device(Arithmetic* results, long long* times) {
  const auto start = cuda::std::chrono::system_clock::now();
  const auto steady = cuda::std::chrono::high_resolution_clock::now();
  results[threadIdx.x] = arithmetic(threadIdx.x);
  const auto passed = cuda::std::chrono::high_resolution_clock::now() - steady;
  times[2 * threadIdx.x] =
      cuda::std::chrono::duration_cast<cuda::std::chrono::seconds>(start.time_since_epoch())
          .count();
  times[2 * threadIdx.x + 1] = passed.count();
}

template <class T>
bool near(cuda::std::complex<T> a, cuda::std::complex<T> b, T error) {
  return std::abs(std::complex<T>(a.real() - b.real(), a.imag() - b.imag())) <=
         error * (1 + std::abs(std::complex<T>(b.real(), b.imag())));
}

void standard_types() {
  const Array<Arithmetic> results(96);
  const Array<long long> times(192);
  arithmetic_on_device<<<1, 96>>>(results, times);
  const std::vector<Arithmetic> got = results.host();
  for (int i = 0; i < 96; ++i) {
    const Arithmetic& a = got[i];
    const Arithmetic b = arithmetic(i);
    expect(near(a.power, b.power, 1e-6f), "complex arithmetic");
    expect(near(a.root, b.root, 1e-15), "complex square root");
    expect(near(a.quotient, b.quotient, 1e-15), "complex exponential");
    expect(a.traced == b.traced, "mdspan");
    expect(a.bits == b.bits && a.leading == b.leading && a.rotated == b.rotated, "bit");
    expect(a.alternative == b.alternative && a.second == b.second, "optional, variant, tuple");
    expect(a.minutes == b.minutes, "chrono");
  }
  const long long now = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  for (int i = 0; i < 96; ++i) {
    const std::vector<long long> seen = times.host();
    expect(seen[2 * i] >= now - 60 && seen[2 * i] <= now, "the system's clock");
    expect(seen[2 * i + 1] >= 0, "clocks go forward");
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"atomics", atomics},
                       {"atomics_of_other_types", atomics_of_other_types},
                       {"waiting", waiting},
                       {"barriers", barriers},
                       {"copies", copies},
                       {"standard_types", standard_types}});
}
