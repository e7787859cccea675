// What CUDA C++ itself offers in kernels: intrinsics on packed bytes and on integers, printf,
// assertions, a heap, virtual functions on it, dynamic shared memory, launch bounds, lambdas,
// recursion.

#include <cuda_runtime.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

#include "check.h"

using namespace toolkit;

namespace {

constexpr int kPairs = 4096;

/// Applies a function to each lane of `kBits` bits of two words.
template <int kBits, class Function>
unsigned lanes(unsigned a, unsigned b, Function function) {
  const unsigned mask = kBits == 8 ? 0xff : 0xffff;
  unsigned result = 0;
  for (int i = 0; i < 32; i += kBits)
    result |= (static_cast<unsigned>(function(a >> i & mask, b >> i & mask)) & mask) << i;
  return result;
}

template <int kBits>
int sign(unsigned value) {
  return kBits == 8 ? static_cast<signed char>(value) : static_cast<short>(value);
}

int clamp(int value, int low, int high) {
  return value < low ? low : value > high ? high : value;
}

struct Packed {
  unsigned words[40];
};

constexpr int kPackedCount = 36;

__global__ void packed(const unsigned* x, const unsigned* y, Packed* results) {
  const int t = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned a = x[t], b = y[t];
  const unsigned all[kPackedCount] = {__vadd4(a, b),
                                      __vsub4(a, b),
                                      __vaddss4(a, b),
                                      __vaddus4(a, b),
                                      __vsubss4(a, b),
                                      __vsubus4(a, b),
                                      __vabsdiffu4(a, b),
                                      __vabsdiffs4(a, b),
                                      __vabs4(a),
                                      __vabsss4(a),
                                      __vavgu4(a, b),
                                      __vavgs4(a, b),
                                      __vhaddu4(a, b),
                                      __vmaxs4(a, b),
                                      __vmaxu4(a, b),
                                      __vmins4(a, b),
                                      __vminu4(a, b),
                                      __vneg4(a),
                                      __vnegss4(a),
                                      __vcmpeq4(a, b),
                                      __vcmpgts4(a, b),
                                      __vcmpleu4(a, b),
                                      __vsetne4(a, b),
                                      __vsetltu4(a, b),
                                      __vsadu4(a, b),
                                      __vsads4(a, b),
                                      __vadd2(a, b),
                                      __vsub2(a, b),
                                      __vaddss2(a, b),
                                      __vmaxs2(a, b),
                                      __vcmpges2(a, b),
                                      __vsadu2(a, b),
                                      __vavgs2(a, b),
                                      __vimax_s16x2_relu(a, b),
                                      static_cast<unsigned>(__vimin3_s32(a, b, 7)),
                                      __viaddmax_u32(a, b, 99)};
  for (int i = 0; i < kPackedCount; ++i) results[t].words[i] = all[i];
}

template <int kBits>
int sum_of_differences(unsigned a, unsigned b, bool with_sign) {
  int sum = 0;
  for (int i = 0; i < 32; i += kBits) {
    const unsigned mask = kBits == 8 ? 0xff : 0xffff, p = a >> i & mask, q = b >> i & mask;
    sum += with_sign ? std::abs(sign<kBits>(p) - sign<kBits>(q)) : std::abs(int(p) - int(q));
  }
  return sum;
}

std::vector<unsigned> expected_packed(unsigned a, unsigned b) {
  const auto bytes = [&](auto f) { return lanes<8>(a, b, f); };
  const auto halves = [&](auto f) { return lanes<16>(a, b, f); };
  const auto s = [](unsigned value) { return sign<8>(value); };
  const auto h = [](unsigned value) { return sign<16>(value); };
  const auto half_up = [](int sum) { return sum >= 0 ? (sum + 1) / 2 : -((-sum + 1) / 2); };
  return {bytes([](int p, int q) { return p + q; }),
          bytes([](int p, int q) { return p - q; }),
          bytes([&](int p, int q) { return clamp(s(p) + s(q), -128, 127); }),
          bytes([](int p, int q) { return clamp(p + q, 0, 255); }),
          bytes([&](int p, int q) { return clamp(s(p) - s(q), -128, 127); }),
          bytes([](int p, int q) { return clamp(p - q, 0, 255); }),
          bytes([](int p, int q) { return std::abs(p - q); }),
          bytes([&](int p, int q) { return std::abs(s(p) - s(q)); }),
          bytes([&](int p, int) { return std::abs(s(p)); }),
          bytes([&](int p, int) { return clamp(std::abs(s(p)), -128, 127); }),
          bytes([](int p, int q) { return (p + q + 1) / 2; }),
          bytes([&](int p, int q) { return half_up(s(p) + s(q)); }),
          bytes([](int p, int q) { return (p + q) / 2; }),
          bytes([&](int p, int q) { return std::max(s(p), s(q)); }),
          bytes([](int p, int q) { return std::max(p, q); }),
          bytes([&](int p, int q) { return std::min(s(p), s(q)); }),
          bytes([](int p, int q) { return std::min(p, q); }),
          bytes([&](int p, int) { return -s(p); }),
          bytes([&](int p, int) { return clamp(-s(p), -128, 127); }),
          bytes([](int p, int q) { return p == q ? 255 : 0; }),
          bytes([&](int p, int q) { return s(p) > s(q) ? 255 : 0; }),
          bytes([](int p, int q) { return p <= q ? 255 : 0; }),
          bytes([](int p, int q) { return p != q; }),
          bytes([](int p, int q) { return p < q; }),
          static_cast<unsigned>(sum_of_differences<8>(a, b, false)),
          static_cast<unsigned>(sum_of_differences<8>(a, b, true)),
          halves([](int p, int q) { return p + q; }),
          halves([](int p, int q) { return p - q; }),
          halves([&](int p, int q) { return clamp(h(p) + h(q), -32768, 32767); }),
          halves([&](int p, int q) { return std::max(h(p), h(q)); }),
          halves([&](int p, int q) { return h(p) >= h(q) ? 0xffff : 0; }),
          static_cast<unsigned>(sum_of_differences<16>(a, b, false)),
          halves([&](int p, int q) { return half_up(h(p) + h(q)); }),
          halves([&](int p, int q) { return std::max({h(p), h(q), 0}); }),
          static_cast<unsigned>(std::min({int(a), int(b), 7})),
          std::max(a + b, 99u)};
}

struct Words {
  std::vector<unsigned> a, b;
};

Words words() {
  Random random(21);
  Words w;
  for (int i = 0; i < kPairs; ++i) {
    const unsigned kinds[] = {random(), random() & 0x80ff7f01, random() | 0x7f80ff00};
    w.a.push_back(kinds[random() % 3]);
    w.b.push_back(i % 5 ? random() : w.a.back() ^ (random() & 0x00ff0101));
  }
  return w;
}

void packed_integers() {
  const Words w = words();
  const Array<unsigned> x(w.a), y(w.b);
  const Array<Packed> results(kPairs);
  packed<<<kPairs / 128, 128>>>(x, y, results);
  const std::vector<Packed> got = results.host();
  std::vector<int> wrong(kPackedCount);
  for (int t = 0; t < kPairs; ++t) {
    const std::vector<unsigned> expected = expected_packed(w.a[t], w.b[t]);
    for (int i = 0; i < kPackedCount; ++i) wrong[i] += got[t].words[i] != expected[i];
  }
  expect_same("differences of each function", wrong, std::vector<int>(kPackedCount));
}

struct Integers {
  unsigned reversed, zeros, ones, first, permuted, left, right, product, hadd, rhadd, sad;
  unsigned long long reversed64, high;
  int zeros64, signed_high, dot, dot2, mul24, sad_signed;
  bool operator==(const Integers& o) const {
    return reversed == o.reversed && zeros == o.zeros && ones == o.ones && first == o.first &&
           permuted == o.permuted && left == o.left && right == o.right && product == o.product &&
           hadd == o.hadd && rhadd == o.rhadd && sad == o.sad && reversed64 == o.reversed64 &&
           high == o.high && zeros64 == o.zeros64 && signed_high == o.signed_high && dot == o.dot &&
           dot2 == o.dot2 && mul24 == o.mul24 && sad_signed == o.sad_signed;
  }
};

__global__ void integers(const unsigned* x, const unsigned* y, Integers* results) {
  const int t = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned a = x[t], b = y[t];
  const unsigned long long wide = static_cast<unsigned long long>(a) << 32 | b;
  results[t] = {__brev(a),
                static_cast<unsigned>(__clz(a)),
                static_cast<unsigned>(__popc(a)),
                static_cast<unsigned>(__ffs(a)),
                __byte_perm(a, b, 0x3715),
                __funnelshift_l(a, b, b),
                __funnelshift_rc(a, b, b % 40),
                __umulhi(a, b),
                __uhadd(a, b),
                __urhadd(a, b),
                __usad(a, b, 5),
                __brevll(wide),
                __umul64hi(wide, wide * 3),
                __clzll(wide >> b % 64),
                __mulhi(static_cast<int>(a), static_cast<int>(b)),
                __dp4a(static_cast<int>(a), static_cast<int>(b), 11),
                __dp2a_lo(static_cast<int>(a), static_cast<int>(b), 11),
                __mul24(a, b),
                static_cast<int>(__sad(a, b, 5u))};
}

Integers expected_integers(unsigned a, unsigned b) {
  Integers r{};
  const unsigned long long wide = static_cast<unsigned long long>(a) << 32 | b;
  for (int i = 0; i < 32; ++i) r.reversed |= (a >> i & 1) << (31 - i);
  for (int i = 0; i < 64; ++i) r.reversed64 |= (wide >> i & 1) << (63 - i);
  r.zeros = a ? __builtin_clz(a) : 32;
  r.ones = __builtin_popcount(a);
  r.first = __builtin_ffs(a);
  const unsigned long long both = static_cast<unsigned long long>(b) << 32 | a;
  for (int i = 0; i < 4; ++i)
    r.permuted |= static_cast<unsigned>(both >> 8 * (0x3715 >> 4 * i & 7) & 0xff) << 8 * i;
  r.left = static_cast<unsigned>(both << (b & 31) >> 32);
  r.right = static_cast<unsigned>(both >> std::min(b % 40, 32u));
  r.product = static_cast<unsigned>(static_cast<unsigned long long>(a) * b >> 32);
  r.hadd = static_cast<unsigned>((static_cast<unsigned long long>(a) + b) / 2);
  r.rhadd = static_cast<unsigned>((static_cast<unsigned long long>(a) + b + 1) / 2);
  r.sad = (a > b ? a - b : b - a) + 5;
  r.high = static_cast<unsigned long long>(static_cast<unsigned __int128>(wide) * (wide * 3) >> 64);
  const unsigned long long shifted = wide >> b % 64;
  r.zeros64 = shifted ? __builtin_clzll(shifted) : 64;
  r.signed_high = static_cast<int>(static_cast<long long>(int(a)) * int(b) >> 32);
  r.dot = r.dot2 = 11;
  for (int i = 0; i < 4; ++i) r.dot += sign<8>(a >> 8 * i) * sign<8>(b >> 8 * i);
  for (int i = 0; i < 2; ++i) r.dot2 += sign<16>(a >> 16 * i) * sign<8>(b >> 8 * i);
  const auto low24 = [](unsigned x) {
    return static_cast<long long>(static_cast<int>(x << 8) >> 8);
  };
  r.mul24 = static_cast<int>(low24(a) * low24(b));
  const long long difference = static_cast<long long>(int(a)) - int(b);
  r.sad_signed = static_cast<int>((difference < 0 ? -difference : difference) + 5);
  return r;
}

void integer_functions() {
  const Words w = words();
  const Array<unsigned> x(w.a), y(w.b);
  const Array<Integers> results(kPairs);
  integers<<<kPairs / 128, 128>>>(x, y, results);
  std::vector<Integers> expected;
  for (int t = 0; t < kPairs; ++t) expected.push_back(expected_integers(w.a[t], w.b[t]));
  expect_same("results", results, expected);
}

struct Shape {
  __device__ virtual ~Shape() {}
  __device__ virtual int area() const = 0;
};
struct Square : Shape {
  int side;
  __device__ explicit Square(int s) : side(s) {}
  __device__ int area() const override { return side * side; }
};
struct Box : Shape {
  int width, *height;
  __device__ Box(int w, int h) : width(w), height(new int(h)) {}
  __device__ ~Box() override { delete height; }
  __device__ int area() const override { return width * *height; }
};

/// Each thread keeps a list on the heap, grows it and gives it back.
__global__ void heap(int* sums, int* areas) {
  const int t = blockIdx.x * blockDim.x + threadIdx.x;
  int* list = static_cast<int*>(malloc(sizeof(int)));
  int capacity = 1, sum = 0;
  for (int i = 0; i < 20 + t % 5; ++i) {
    if (i == capacity) {
      int* longer = static_cast<int*>(malloc(2 * capacity * sizeof(int)));
      memcpy(longer, list, capacity * sizeof(int));
      free(list);
      list = longer;
      capacity *= 2;
    }
    list[i] = t + i;
  }
  for (int i = 0; i < 20 + t % 5; ++i) sum += list[i];
  free(list);
  sums[t] = sum;
  const Shape* shape = t % 2 ? static_cast<Shape*>(new Square(t)) : new Box(t, 3);
  areas[t] = shape->area();
  delete shape;
}

__global__ void exhaust(int* answers) {
  void* much = malloc(std::size_t{1} << 40);
  answers[0] = much == nullptr;
  void* room = malloc(1000);
  answers[1] = room != nullptr && reinterpret_cast<std::uintptr_t>(room) % 16 == 0;
  free(room);
  free(nullptr);
}

__device__ int* kept;

__global__ void keep() {
  kept = static_cast<int*>(malloc(64 * sizeof(int)));
  for (int i = 0; i < 64; ++i) kept[i] = i * i;
}

__global__ void use_kept(int* squares) {
  squares[threadIdx.x] = kept[threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) free(kept);
}

void device_heap() {
  constexpr int kThreads = 512;
  CHECK(cudaDeviceSetLimit(cudaLimitMallocHeapSize, 16 << 20));
  const Array<int> sums(kThreads), areas(kThreads), answers(2), squares(64);
  std::vector<int> expected_sums(kThreads), expected_areas(kThreads), expected_squares(64);
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < 20 + t % 5; ++i) expected_sums[t] += t + i;
    expected_areas[t] = t % 2 ? t * t : t * 3;
  }
  for (int i = 0; i < 64; ++i) expected_squares[i] = i * i;
  heap<<<8, 64>>>(sums, areas);
  expect_same("lists", sums, expected_sums);
  expect_same("objects", areas, expected_areas);
  exhaust<<<1, 1>>>(answers);
  expect_same("no room for a terabyte; aligned memory", answers, {1, 1});
  keep<<<1, 1>>>();
  use_kept<<<1, 64>>>(squares);
  expect_same("memory from an earlier kernel", squares, expected_squares);
}

template <class T>
__global__ void __launch_bounds__(128, 4) reverse(T* values) {
  extern __shared__ __align__(16) unsigned char room[];
  T* shared = reinterpret_cast<T*>(room);
  shared[threadIdx.x] = values[threadIdx.x];
  __syncthreads();
  values[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void __launch_bounds__(64) bounded() {}

void dynamic_shared() {
  std::vector<double> values(128);
  std::iota(values.begin(), values.end(), 0.5);
  const Array<double> device(values);
  reverse<double><<<1, 128, 128 * sizeof(double)>>>(device);
  expect_same("reversed", device, {values.rbegin(), values.rend()});
  CHECK(cudaFuncSetAttribute(reverse<double>, cudaFuncAttributeMaxDynamicSharedMemorySize, 60000));
  reverse<double><<<1, 128, 60000>>>(device);
  expect_same("with much shared memory", device, values);
  bounded<<<1, 65>>>();
  expect(cudaGetLastError() == cudaErrorInvalidValue, "more threads than the launch bounds say");
}

template <class Function>
__global__ void call(Function function, int* results) {
  results[threadIdx.x] = function(threadIdx.x);
}

__device__ int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

__device__ int twice(int x) {
  return 2 * x;
}
__device__ int squared(int x) {
  return x * x;
}
__device__ int (*const kFunctions[])(int) = {twice, squared};

__global__ void indirect(int* results) {
  results[threadIdx.x] = kFunctions[threadIdx.x % 2](threadIdx.x) + ackermann(2, threadIdx.x % 4);
}

void functions() {
  const Array<int> results(32);
  const int offset = 5;
  call<<<1, 32>>>([offset] __device__(int i) { return i * 3 + offset; }, results);
  std::vector<int> expected(32);
  for (int i = 0; i < 32; ++i) expected[i] = i * 3 + 5;
  expect_same("lambda", results, expected);
  indirect<<<1, 32>>>(results);
  for (int i = 0; i < 32; ++i) expected[i] = (i % 2 ? i * i : 2 * i) + 2 * (i % 4) + 3;
  expect_same("pointers and recursion", results, expected);
}

__global__ void print(int number) {
  printf("%5d|%-6s|%#x|%08.3f|%c|%%|%lld|%e\n", number, "text", 255u, 3.14159, 'z',
         -1234567890123ll, 12345.678);
}

/// What a kernel prints must come out of standard output, which is a file meanwhile.
void printing() {
  std::fflush(stdout);
  std::FILE* file = std::tmpfile();
  const int old = ::dup(1);
  ::dup2(::fileno(file), 1);
  print<<<1, 1>>>(42);
  const cudaError_t error = cudaDeviceSynchronize();
  std::fflush(stdout);
  ::dup2(old, 1);
  ::close(old);
  CHECK(error);
  char line[200] = "", expected[200];
  std::rewind(file);
  const bool read = std::fgets(line, sizeof line, file) != nullptr;
  std::fclose(file);
  std::snprintf(expected, sizeof expected, "%5d|%-6s|%#x|%08.3f|%c|%%|%lld|%e\n", 42, "text", 255u,
                3.14159, 'z', -1234567890123ll, 12345.678);
  expect(read && std::strcmp(line, expected) == 0, "the line printed");
}

__global__ void claim(int value) {
  assert(value < 3 && "claims are small");
}

/// Last: the context is lost.
void assertions() {
  claim<<<1, 1>>>(2);
  finish_kernels();
  claim<<<1, 32>>>(3);
  expect(cudaDeviceSynchronize() == cudaErrorAssert, "a failed assertion is an error");
  CHECK(cudaDeviceReset());
  (void)cudaGetLastError();
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"packed_integers", packed_integers},
                       {"integer_functions", integer_functions},
                       {"device_heap", device_heap},
                       {"dynamic_shared", dynamic_shared},
                       {"functions", functions},
                       {"printing", printing},
                       {"assertions", assertions}});
}
