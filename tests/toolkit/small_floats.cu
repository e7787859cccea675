// The headers of the small floating point types: conversions and arithmetic of half, bfloat16, fp8,
// fp6 and fp4. Each function here is compiled for both sides; the device's results over all bit
// patterns must be those of the host's version from the same headers.

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>

#include <cmath>
#include <limits>

#include "check.h"

using namespace toolkit;

namespace {

template <class To, class From>
__host__ __device__ To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

/// Results of one operation on all pairs that are tried, as bits; NaNs count as the same.
template <class Operation, class T>
__global__ void apply(const T* a, const T* b, unsigned* results, int count) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    results[i] = Operation()(a[i], b[i]);
}

constexpr unsigned kNan = 0xffffffff;

template <class Operation, class T>
void both_sides(const char* what, const std::vector<T>& a, const std::vector<T>& b) {
  const Array<T> device_a(a), device_b(b);
  const Array<unsigned> results(a.size());
  apply<Operation, T><<<4, 256>>>(device_a, device_b, results, static_cast<int>(a.size()));
  std::vector<unsigned> expected(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) expected[i] = Operation()(a[i], b[i]);
  expect_same(what, results, expected);
}

/// a * b + c, exact but for the last bit, which is set if there are more: rounding that to fewer
/// bits is rounding once. a * b must be exact.
double fused(double a, double b, double c) {
  const double product = a * b, sum = product + c;
  if (!std::isfinite(sum)) return sum;
  const double rest = sum - product;
  const double error = (product - (sum - rest)) + (c - rest);
  const auto pattern = bit_cast<std::uint64_t>(sum);
  if (error == 0 || pattern & 1) return sum;
  return bit_cast<double>((error > 0) == (sum > 0) ? pattern + 1 : pattern - 1);
}

// How the two 16-bit types name the same things.
struct Half {
  using Type = __half;
  using Pair = __half2;
  static Type round(double value) { return __double2half(value); }
  static __device__ int nearest(Type value) { return __half2int_rn(value); }
  static __device__ int up(Type value) { return __half2int_ru(value); }
  static __device__ unsigned down(Type value) { return __half2uint_rd(value); }
  static __device__ long long wide(Type value) { return __half2ll_rn(value); }
  static __host__ __device__ Type of_bits(unsigned bits) {
    return __ushort_as_half(static_cast<unsigned short>(bits));
  }
  static __host__ __device__ unsigned bits(Type value) {
    return __hisnan(value) ? kNan : __half_as_ushort(value);
  }
  static __host__ __device__ Pair pair(Type a, Type b) { return __halves2half2(a, b); }
};

struct Brain {
  using Type = __nv_bfloat16;
  using Pair = __nv_bfloat162;
  static Type round(double value) { return __double2bfloat16(value); }
  static __device__ int nearest(Type value) { return __bfloat162int_rn(value); }
  static __device__ int up(Type value) { return __bfloat162int_ru(value); }
  static __device__ unsigned down(Type value) { return __bfloat162uint_rd(value); }
  static __device__ long long wide(Type value) { return __bfloat162ll_rn(value); }
  static __host__ __device__ Type of_bits(unsigned bits) {
    return __ushort_as_bfloat16(static_cast<unsigned short>(bits));
  }
  static __host__ __device__ unsigned bits(Type value) {
    return __hisnan(value) ? kNan : __bfloat16_as_ushort(value);
  }
  static __host__ __device__ Pair pair(Type a, Type b) { return __halves2bfloat162(a, b); }
};

// The headers' fused operations are the device's alone.
template <class F, class T>
__host__ __device__ T fuse(T a, T b, T c) {
#ifdef __CUDA_ARCH__
  return __hfma(a, b, c);
#else
  return F::round(fused(float(a), float(b), float(c)));
#endif
}

template <class F, class T>
__host__ __device__ T fuse_saturated(T a, T b, T c) {
#ifdef __CUDA_ARCH__
  return __hfma_sat(a, b, c);
#else
  const T sum = fuse<F>(a, b, c);
  return __hisnan(sum) || float(sum) <= 0 ? T(0.0f) : __hmin(sum, T(1.0f));
#endif
}

template <class F, class T>
__host__ __device__ typename F::Pair fuse_pair(T a, T b) {
#ifdef __CUDA_ARCH__
  return __hfma2(F::pair(a, b), F::pair(b, a), F::pair(a, a));
#else
  const T both = fuse<F>(a, b, a);
  return F::pair(both, both);
#endif
}

#define OPERATION(name, expression)                                         \
  template <class F>                                                        \
  struct name {                                                             \
    __host__ __device__ unsigned operator()(unsigned x, unsigned y) const { \
      const typename F::Type a = F::of_bits(x), b = F::of_bits(y);          \
      (void)a, (void)b;                                                     \
      return expression;                                                    \
    }                                                                       \
  };

OPERATION(Add, F::bits(__hadd(a, b)))
OPERATION(Subtract, F::bits(__hsub(a, b)))
OPERATION(Multiply, F::bits(__hmul(a, b)))
OPERATION(Fuse, F::bits(fuse<F>(a, b, a)))
OPERATION(AddSaturated, F::bits(__hadd_sat(a, b)))
OPERATION(FuseSaturated, F::bits(fuse_saturated<F>(a, b, b)))
OPERATION(Smaller, F::bits(__hmin(a, b)))
OPERATION(Larger, F::bits(__hmax(a, b)))
// The host's version takes either of two zeros.
OPERATION(SmallerOrNan, __heq(a, b) ? 0 : F::bits(__hmin_nan(a, b)))
OPERATION(Magnitude, F::bits(__hneg(__habs(a))))
OPERATION(Compared, __heq(a, b) | __hne(a, b) << 1 | __hle(a, b) << 2 | __hlt(a, b) << 3 |
                        __hgtu(a, b) << 4 | __hequ(a, b) << 5 | __hisinf(a) << 6)
OPERATION(Paired, F::bits(fuse_pair<F>(a, b).x) ^ F::bits(__hmul2(F::pair(a, b), F::pair(b, b)).y))
OPERATION(ComparedPairs, __hbeq2(F::pair(a, b), F::pair(a, b)) |
                             __hbgt2(F::pair(a, b), F::pair(b, a)) << 1 |
                             F::bits(__hge2(F::pair(a, a), F::pair(b, b)).x) << 8)

struct HalfConversions {
  __host__ __device__ unsigned operator()(unsigned x, unsigned y) const {
    const __half a = Half::of_bits(x);
    unsigned hash = 0;
    const auto mix = [&hash](unsigned long long value) {
      hash = hash * 31 + static_cast<unsigned>(value ^ value >> 32);
    };
    if (__hisnan(a)) return kNan;
    mix(bit_cast<unsigned>(__half2float(a)));
    mix(__half2int_rz(a));
    mix(__half2ull_rz(a));
    mix(static_cast<unsigned char>(__half2char_rz(a)));
    mix(__half2uchar_rz(a));
    const int whole = static_cast<int>(x * 40503u + y * 65536u);
    mix(Half::bits(__int2half_rn(whole)));
    mix(Half::bits(__int2half_rz(whole >> 12)));
    mix(Half::bits(__uint2half_ru(x * 3)));
    mix(Half::bits(__short2half_rd(static_cast<short>(x))));
    mix(Half::bits(__ll2half_rn(static_cast<long long>(whole) * 3)));
    mix(Half::bits(__ushort2half_rn(static_cast<unsigned short>(x))));
    return hash;
  }
};

struct BrainConversions {
  __host__ __device__ unsigned operator()(unsigned x, unsigned y) const {
    const __nv_bfloat16 a = Brain::of_bits(x);
    unsigned hash = 0;
    const auto mix = [&hash](unsigned long long value) {
      hash = hash * 31 + static_cast<unsigned>(value ^ value >> 32);
    };
    if (__hisnan(a)) return kNan;
    mix(bit_cast<unsigned>(__bfloat162float(a)));
    mix(__bfloat162int_rz(a));
    mix(__bfloat162ull_rz(a));
    mix(static_cast<unsigned char>(__bfloat162char_rz(a)));
    const int whole = static_cast<int>(x * 40503u + y * 65536u);
    mix(Brain::bits(__int2bfloat16_rn(whole)));
    mix(Brain::bits(__ll2bfloat16_rn(static_cast<long long>(whole) * 3)));
    return hash;
  }
};

/// All bit patterns, each with a few partners.
template <class Function>
void all_patterns(Function function) {
  std::vector<unsigned> a, b;
  Random random(9);
  for (unsigned x = 0; x < 0x10000; ++x)
    for (unsigned y : {random() & 0xffff, (x ^ 0x8000) + (random() % 5 - 2) & 0xffff}) {
      a.push_back(x);
      b.push_back(y);
    }
  function(a, b);
}

template <class F, class Conversions>
void sixteen_bits() {
  all_patterns([](const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
    both_sides<Add<F>>("add", a, b);
    both_sides<Subtract<F>>("subtract", a, b);
    both_sides<Multiply<F>>("multiply", a, b);
    both_sides<Fuse<F>>("fused multiply-add", a, b);
    both_sides<AddSaturated<F>>("add, saturated", a, b);
    both_sides<FuseSaturated<F>>("fused multiply-add, saturated", a, b);
    both_sides<Smaller<F>>("minimum", a, b);
    both_sides<Larger<F>>("maximum", a, b);
    both_sides<SmallerOrNan<F>>("minimum or NaN", a, b);
    both_sides<Magnitude<F>>("magnitude", a, b);
    both_sides<Compared<F>>("comparisons", a, b);
    both_sides<Paired<F>>("pairs", a, b);
    both_sides<ComparedPairs<F>>("comparisons of pairs", a, b);
    both_sides<Conversions>("conversions", a, b);
  });
}

/// From float and double: ties, values next to them, and anything.
struct Narrow {
  __host__ __device__ unsigned operator()(float x, float y) const {
    unsigned hash = 0;
    const auto mix = [&hash](unsigned value) { hash = hash * 31 + value; };
    mix(Half::bits(__float2half_rn(x)));
    mix(Half::bits(__float2half_rz(x)));
    mix(Half::bits(__float2half_ru(x)));
    mix(Half::bits(__float2half_rd(x)));
    mix(Half::bits(__double2half(x * 1.0000001)));
    mix(Half::bits(__high2half(__floats2half2_rn(x, y))));
    mix(Brain::bits(__float2bfloat16_rn(x)));
    mix(Brain::bits(__float2bfloat16_rz(x)));
    mix(Brain::bits(__float2bfloat16_ru(x)));
    mix(Brain::bits(__float2bfloat16_rd(x)));
    mix(Brain::bits(__double2bfloat16(x * 1.0000001)));
    mix(Brain::bits(__high2bfloat16(__floats2bfloat162_rn(x, y))));
    return hash;
  }
};

std::vector<float> interesting_floats() {
  std::vector<float> values;
  Random random(4);
  for (int i = 0; i < 40000; ++i) {
    std::uint32_t bits = random();
    const std::uint32_t kinds[] = {bits, (bits & 0x8fffe000) + 0x36000000 + (random() % 16 << 23),
                                   (bits & 0xffff0000) | 0x8000,
                                   (bits & 0x8ffff000) + 0x37001000 + random() % 3 - 1,
                                   (bits & 0x80ff0000) + 0x3b800000 + (random() % 24 << 20)};
    values.push_back(bit_cast<float>(kinds[i % 5]));
  }
  for (float value : {0.0f, -0.0f, INFINITY, -INFINITY, 65504.0f, 65519.99f, 65520.0f, 448.0f,
                      464.0f, 480.0f, 57344.0f, 61440.0f, 6.0f, 7.0f, 28.0f, 7.5f})
    values.push_back(value);
  return values;
}

void narrowing() {
  std::vector<float> x = interesting_floats(), y(x.rbegin(), x.rend());
  both_sides<Narrow>("float and double to 16 bits", x, y);
}

template <__nv_fp8_interpretation_t kKind>
struct Fp8 {
  __host__ __device__ unsigned operator()(float x, float y) const {
    unsigned hash = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, kKind);
    const auto mix = [&hash](unsigned value) { hash = hash * 31 + value; };
    mix(__nv_cvt_float_to_fp8(x, __NV_NOSAT, kKind));
    mix(__nv_cvt_double_to_fp8(x * 1.0000001, __NV_SATFINITE, kKind));
    mix(__nv_cvt_float2_to_fp8x2(make_float2(x, y), __NV_SATFINITE, kKind));
    mix(__nv_cvt_halfraw_to_fp8(__float2half_rn(x), __NV_SATFINITE, kKind));
    mix(__nv_cvt_bfloat16raw_to_fp8(__float2bfloat16_rn(x), __NV_SATFINITE, kKind));
    return hash;
  }
};

struct Fp8Scale {
  __host__ __device__ unsigned operator()(float x, float) const {
    return __nv_cvt_float_to_e8m0(x, __NV_SATFINITE, cudaRoundPosInf) |
           __nv_cvt_float_to_e8m0(x, __NV_NOSAT, cudaRoundZero) << 8;
  }
};

template <__nv_fp6_interpretation_t kKind>
struct Fp6 {
  __host__ __device__ unsigned operator()(float x, float y) const {
    return __nv_cvt_float_to_fp6(x, kKind, cudaRoundNearest) |
           static_cast<unsigned>(
               __nv_cvt_float2_to_fp6x2(make_float2(x, y), kKind, cudaRoundNearest))
               << 16;
  }
};

struct Fp4 {
  __host__ __device__ unsigned operator()(float x, float y) const {
    return __nv_cvt_float_to_fp4(x, __NV_E2M1, cudaRoundNearest) |
           __nv_cvt_float2_to_fp4x2(make_float2(x, y), __NV_E2M1, cudaRoundNearest) << 16;
  }
};

/// From all bit patterns of the small types to half.
struct Widen {
  static __host__ __device__ unsigned bits(__half_raw raw) { return Half::bits(__half(raw)); }
  __host__ __device__ unsigned operator()(unsigned x, unsigned) const {
    unsigned hash = 0;
    const auto mix = [&hash](unsigned value) { hash = hash * 31 + value; };
    const auto storage = static_cast<__nv_fp8_storage_t>(x);
    mix(bits(__nv_cvt_fp8_to_halfraw(storage, __NV_E4M3)));
    mix(bits(__nv_cvt_fp8_to_halfraw(storage, __NV_E5M2)));
    mix(bits(__nv_cvt_fp6_to_halfraw(storage & 63, __NV_E3M2)));
    mix(bits(__nv_cvt_fp6_to_halfraw(storage & 63, __NV_E2M3)));
    mix(bits(__nv_cvt_fp4_to_halfraw(storage & 15, __NV_E2M1)));
    const __half2_raw pair = __nv_cvt_fp8x2_to_halfraw2(static_cast<unsigned short>(x), __NV_E4M3);
    mix(bits(__half_raw{pair.x}) ^ bits(__half_raw{pair.y}) << 8);
    __nv_bfloat16_raw scale = __nv_cvt_e8m0_to_bf16raw(storage);
    mix(Brain::bits(__nv_bfloat16(scale)));
    return hash;
  }
};

void tiny_types() {
  std::vector<float> x = interesting_floats(), y(x.rbegin(), x.rend());
  both_sides<Fp8<__NV_E4M3>>("to e4m3", x, y);
  both_sides<Fp8<__NV_E5M2>>("to e5m2", x, y);
  both_sides<Fp8Scale>("to e8m0", x, y);
  both_sides<Fp6<__NV_E3M2>>("to e3m2", x, y);
  both_sides<Fp6<__NV_E2M3>>("to e2m3", x, y);
  both_sides<Fp4>("to e2m1", x, y);
  std::vector<unsigned> all(0x10000);
  for (unsigned i = 0; i < 0x10000; ++i) all[i] = i;
  both_sides<Widen>("back to 16 bits", all, all);
}

// Functions that only the device has; the reference is double, rounded once.
struct Functions {
  int nearest, up;
  unsigned down;
  long long wide;
  float root, reciprocal_root, reciprocal, exponential, logarithm, sine, tangent, floor, quotient;
};

template <class F>
__global__ void functions_of(Functions* results) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const typename F::Type x = F::of_bits(i);
  const typename F::Type y = F::of_bits(i * 7 & 0xffff);
  results[i] = {F::nearest(x),      F::up(x),         F::down(x),      F::wide(x),
                float(hsqrt(x)),    float(hrsqrt(x)), float(hrcp(x)),  float(hexp(x)),
                float(hlog(x)),     float(hsin(x)),   float(htanh(x)), float(hfloor(x)),
                float(__hdiv(x, y))};
}

int functions_wrong = 0;

/// Whether `got` is within `steps` of the type's numbers of the right result.
template <class F>
void near(const char* what, float x, float got, double right, int steps) {
  const auto rank = [](typename F::Type value) {
    const int bits = static_cast<int>(F::bits(value));
    return bits & 0x8000 ? -(bits & 0x7fff) : bits;
  };
  const typename F::Type expected(right), result(got);
  if (std::isnan(right) && std::isnan(got)) return;
  if (!std::isnan(right) && !std::isnan(got) && std::abs(rank(expected) - rank(result)) <= steps)
    return;
  if (++functions_wrong <= kPrinted)
    std::printf("  %s(%g) is %g instead of %g\n", what, x, got, right);
}

/// A conversion to whole numbers gives the nearest that there is.
template <class T>
double clamped(double whole) {
  const double least = static_cast<double>(std::numeric_limits<T>::min());
  const double most = static_cast<double>(std::numeric_limits<T>::max());
  return std::fmin(std::fmax(whole, least), most);
}

template <class F>
void check_functions() {
  const Array<Functions> results(0x10000);
  functions_of<F><<<256, 256>>>(results);
  const std::vector<Functions> got = results.host();
  functions_wrong = 0;
  int whole_wrong = 0;
  for (unsigned i = 0; i < 0x10000; ++i) {
    const Functions& r = got[i];
    const float x = F::of_bits(i), y = F::of_bits(i * 7 & 0xffff);
    if (!std::isnan(x)) {
      whole_wrong += r.nearest != clamped<int>(std::nearbyint(x));
      whole_wrong += r.up != clamped<int>(std::ceil(x));
      whole_wrong += r.down != clamped<unsigned>(std::floor(x));
      whole_wrong += double(r.wide) != clamped<long long>(std::nearbyint(x));
    }
    near<F>("hsqrt", x, r.root, std::sqrt(double(x)), 0);
    near<F>("hrsqrt", x, r.reciprocal_root, 1 / std::sqrt(double(x)), 1);
    near<F>("hrcp", x, r.reciprocal, 1 / double(x), 1);
    near<F>("hexp", x, r.exponential, std::exp(double(x)), 1);
    near<F>("hlog", x, r.logarithm, std::log(double(x)), 1);
    if (std::fabs(x) < 1e5f) near<F>("hsin", x, r.sine, std::sin(double(x)), 2);
    near<F>("htanh", x, r.tangent, std::tanh(double(x)), 1);
    near<F>("hfloor", x, r.floor, std::floor(double(x)), 0);
    near<F>("__hdiv", x, r.quotient, double(x) / y, 1);
  }
  expect_equal("wrong whole numbers", whole_wrong, 0);
  expect(functions_wrong == 0, "functions of 16 bits");
}

void functions() {
  check_functions<Half>();
  check_functions<Brain>();
}

template <class F>
__global__ void add_atomically(typename F::Type* sum, typename F::Pair* pair) {
  atomicAdd(sum, F::Type(1.0f));
  atomicAdd(pair, F::pair(F::Type(2.0f), F::Type(0.5f)));
}

template <class F>
void add() {
  const Array<typename F::Type> sum(2);
  const Array<typename F::Pair> pair(1);
  add_atomically<F><<<2, 64>>>(sum + 1, pair);
  expect(float(sum.host()[0]) == 0 && float(sum.host()[1]) == 128, "sum");
  expect(float(pair.host()[0].x) == 256 && float(pair.host()[0].y) == 64, "sum of pairs");
}

void atomics() {
  add<Half>();
  add<Brain>();
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"half", sixteen_bits<Half, HalfConversions>},
                       {"bfloat16", sixteen_bits<Brain, BrainConversions>},
                       {"narrowing", narrowing},
                       {"tiny_types", tiny_types},
                       {"functions", functions},
                       {"atomics", atomics}});
}
