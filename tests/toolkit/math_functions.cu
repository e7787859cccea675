// CUDA's math library on the device: every function of one and of two arguments, against long
// double on the host, within the error that NVIDIA's programming guide ("Mathematical Functions")
// states in ulp. Infinities, NaNs and zeros must come out as such. Then intrinsics on integers and
// packed bytes.

#include <cfloat>
#include <cmath>
#include <limits>

#include "check.h"

using namespace toolkit;

namespace {

constexpr int kCount = 2000;

/// Distance in units of the last place of the type at the right result. Results that are both NaN,
/// or the same infinity, are no distance apart; where the right one overflows, the largest number
/// counts as one ulp away from infinity.
template <class T>
double distance(T got, long double right) {
  if (std::isnan(right) || std::isnan(got))
    return std::isnan(right) && std::isnan(got) ? 0 : INFINITY;
  const long double most = std::numeric_limits<T>::max();
  const long double magnitude = std::fabs(right);
  int exponent;
  std::frexp(magnitude > most ? most : magnitude, &exponent);
  const int least = std::numeric_limits<T>::min_exponent;
  const long double ulp =
      std::ldexp(1.0L, (exponent < least ? least : exponent) - std::numeric_limits<T>::digits);
  const long double top = std::ldexp(1.0L, std::numeric_limits<T>::max_exponent);
  const auto clamped = [&](long double x) {
    return std::fabs(x) > top ? std::copysign(top, x) : x;
  };
  return static_cast<double>(std::fabs(clamped(got) - clamped(right)) / ulp);
}

template <class T, class Function>
__global__ void apply(const T* x, const T* y, T* results) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < kCount) results[i] = Function::device(x[i], y[i]);
}

template <class T>
struct Inputs {
  std::vector<T> x, y;
};

/// Random arguments in [from, to], evenly spread in themselves or in their logarithm, and edges.
template <class T>
Inputs<T> inputs(double from, double to) {
  Random random(17);
  Inputs<T> in;
  const auto unit = [&] { return random() / 4294967296.0; };
  const auto any = [&](int i) {
    if (i % 4) return from + (to - from) * unit();
    const double wide = std::ldexp(unit() + 1, static_cast<int>(random() % 60) - 50);
    const double with_sign = random() % 2 ? wide : -wide;
    return std::fmin(std::fmax(with_sign, from), to);
  };
  const double edges[] = {0.0,       -0.0,
                          1.0,       -1.0,
                          0.5,       2.0,
                          -0.5,      3.0,
                          -2.0,      INFINITY,
                          -INFINITY, NAN,
                          1e-40,     std::numeric_limits<T>::min(),
                          10.0,      from,
                          to,        std::numeric_limits<T>::max()};
  for (double a : edges)
    for (double b : edges) {
      in.x.push_back(static_cast<T>(a));
      in.y.push_back(static_cast<T>(b));
    }
  for (int i = static_cast<int>(in.x.size()); i < kCount; ++i) {
    in.x.push_back(static_cast<T>(any(i)));
    in.y.push_back(static_cast<T>(any(i + 1)));
  }
  return in;
}

template <class T, class Function>
void compare(const char* name, double bound, double from, double to) {
  const Inputs<T> in = inputs<T>(from, to);
  const Array<T> x(in.x), y(in.y), results(kCount);
  apply<T, Function><<<(kCount + 127) / 128, 128>>>(x, y, results);
  const std::vector<T> got = results.host();
  int wrong = 0;
  double worst = 0;
  for (int i = 0; i < kCount; ++i) {
    if (Function::skip(in.x[i], in.y[i])) continue;
    const long double right = Function::host(in.x[i], in.y[i]);
    // Correct rounding itself is half an ulp.
    const double error = distance(got[i], right);
    worst = std::fmax(worst, error);
    if (error <= bound + 0.5 || ++wrong > kPrinted) continue;
    std::printf("  %s%s(%.17g, %.17g) is %.17g instead of %.17Lg\n", name,
                sizeof(T) == 4 ? "f" : "", double(in.x[i]), double(in.y[i]), double(got[i]), right);
  }
  if (wrong == 0) return;
  ++complaints;
  std::printf("  %s%s: %d wrong, up to %.2f ulp\n", name, sizeof(T) == 4 ? "f" : "", wrong, worst);
}

constexpr long double kPi = 3.14159265358979323846264338327950288L;

long double sine_of_pi(long double x) {
  const long double r = std::fmod(x, 2);
  if (r == std::trunc(r)) return r * 0;
  return std::sin(kPi * r);
}
long double cosine_of_pi(long double x) {
  const long double r = std::fabs(std::fmod(x, 2));
  return r == 0.5L || r == 1.5L ? 0 : std::cos(kPi * r);
}
/// By bisection and a step of Newton's, which gives small results all their digits.
long double inverse_erf(long double x) {
  if (!(std::fabs(x) < 1)) return std::fabs(x) == 1 ? x * INFINITY : NAN;
  long double low = 0, high = 7;
  const long double target = std::fabs(x);
  for (int i = 0; i < 80; ++i) {
    const long double middle = (low + high) / 2;
    (std::erf(middle) < target ? low : high) = middle;
  }
  const long double slope = 2 / std::sqrt(kPi) * std::exp(-low * low);
  return std::copysign(low - (std::erf(low) - target) / slope, x);
}
long double inverse_erfc(long double x) {
  if (x > 0.5L && x < 1.5L) return inverse_erf(1 - x);
  if (!(x > 0 && x < 2)) return x == 0 ? INFINITY : x == 2 ? -INFINITY : NAN;
  long double low = -7, high = 27;
  for (int i = 0; i < 90; ++i) {
    const long double middle = (low + high) / 2;
    (std::erfc(middle) > x ? low : high) = middle;
  }
  return low;
}
long double scaled_erfc(long double x) {
  if (x < 50) return std::exp(x * x) * std::erfc(x);
  const long double t = 1 / (2 * x * x);
  const long double series = 1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t * (1 - 9 * t))));
  return series / (x * std::sqrt(kPi));
}
/// Squares of doubles do not overflow here.
long double norm(long double a, long double b, long double c, long double d = 0) {
  if (std::isinf(a) || std::isinf(b)) return INFINITY;
  return std::sqrt(a * a + b * b + c * c + d * d);
}

#define FUNCTION1(name, call, reference, skipped)                                        \
  template <class T>                                                                     \
  struct name {                                                                          \
    static __device__ T device(T x, T) { return call; }                                  \
    static long double host(long double x, long double) { return reference; }            \
    static bool skip(long double x, long double y) { return (void)x, (void)y, skipped; } \
  };
#define FUNCTION2(name, call, reference, skipped)                                        \
  template <class T>                                                                     \
  struct name {                                                                          \
    static __device__ T device(T x, T y) { return call; }                                \
    static long double host(long double x, long double y) { return reference; }          \
    static bool skip(long double x, long double y) { return (void)x, (void)y, skipped; } \
  };

FUNCTION1(Sqrt, sqrt(x), std::sqrt(x), false)
FUNCTION1(Rsqrt, rsqrt(x), 1 / std::sqrt(x), false)
FUNCTION1(Cbrt, cbrt(x), std::cbrt(x), false)
FUNCTION1(Rcbrt, rcbrt(x), 1 / std::cbrt(x), false)
FUNCTION1(Exp, exp(x), std::exp(x), false)
FUNCTION1(Exp2, exp2(x), std::exp2(x), false)
FUNCTION1(Exp10, exp10(x), std::pow(10.0L, x), false)
FUNCTION1(Expm1, expm1(x), std::expm1(x), false)
FUNCTION1(Log, log(x), std::log(x), false)
FUNCTION1(Log2, log2(x), std::log2(x), false)
FUNCTION1(Log10, log10(x), std::log10(x), false)
FUNCTION1(Log1p, log1p(x), std::log1p(x), false)
FUNCTION1(Sin, sin(x), std::sin(x), false)
FUNCTION1(Cos, cos(x), std::cos(x), false)
FUNCTION1(Tan, tan(x), std::tan(x), false)
FUNCTION1(Sinpi, sinpi(x), sine_of_pi(x), false)
FUNCTION1(Cospi, cospi(x), cosine_of_pi(x), false)
FUNCTION1(Asin, asin(x), std::asin(x), false)
FUNCTION1(Acos, acos(x), std::acos(x), false)
FUNCTION1(Atan, atan(x), std::atan(x), false)
FUNCTION1(Sinh, sinh(x), std::sinh(x), false)
FUNCTION1(Cosh, cosh(x), std::cosh(x), false)
FUNCTION1(Tanh, tanh(x), std::tanh(x), false)
FUNCTION1(Asinh, asinh(x), std::asinh(x), false)
FUNCTION1(Acosh, acosh(x), std::acosh(x), false)
FUNCTION1(Atanh, atanh(x), std::atanh(x), false)
FUNCTION1(Erf, erf(x), std::erf(x), false)
FUNCTION1(Erfc, erfc(x), std::erfc(x), false)
FUNCTION1(Erfinv, erfinv(x), inverse_erf(x), std::fabs(x) > 0.9999L && std::fabs(x) < 1)
FUNCTION1(Erfcinv, erfcinv(x), inverse_erfc(x), x < 1e-300L && x > 0)
FUNCTION1(Erfcx, erfcx(x), scaled_erfc(x), x < -5)
FUNCTION1(Normcdf, normcdf(x), std::erfc(-x / std::sqrt(2.0L)) / 2, x < -37)
FUNCTION1(Normcdfinv, normcdfinv(x), -std::sqrt(2.0L) * inverse_erfc(2 * x), x < 1e-300L && x > 0)
// Near its zeros below -2 the guide excludes the function.
FUNCTION1(Lgamma, lgamma(x), std::lgamma(x), x < -2)
FUNCTION1(Tgamma, tgamma(x), std::tgamma(x), x <= 0 && x == std::floor(x))
FUNCTION1(J0, j0(x), ::j0l(x), std::fabs(x) > 8)
FUNCTION1(J1, j1(x), ::j1l(x), std::fabs(x) > 8)
FUNCTION1(Y0, y0(x), ::y0l(x), std::fabs(x) > 8 || x <= 0)
FUNCTION1(I0, cyl_bessel_i0(x), std::cyl_bessel_i(0.0L, std::fabs(x)), !(std::fabs(x) < 80))
FUNCTION1(Floor, floor(x), std::floor(x), false)
FUNCTION1(Rint, rint(x), std::rint(x), false)
FUNCTION1(Round, round(x), std::round(x), false)
FUNCTION1(Trunc, trunc(x), std::trunc(x), false)
FUNCTION1(Logb, logb(x), std::logb(x), false)
FUNCTION2(Pow, pow(x, y), std::pow(x, y), false)
FUNCTION2(Hypot, hypot(x, y), std::hypot(x, y), false)
FUNCTION2(Rhypot, rhypot(x, y), 1 / std::hypot(x, y), false)
FUNCTION2(Norm3, norm3d(x, y, x), norm(x, y, x), false)
FUNCTION2(Norm4, norm4d(x, y, x, y), norm(x, y, x, y), false)
FUNCTION2(Atan2, atan2(x, y), std::atan2(x, y), false)
FUNCTION2(Fmod, fmod(x, y), std::fmod(x, y), false)
FUNCTION2(Remainder, remainder(x, y), std::remainder(x, y), false)
FUNCTION2(Fdim, fdim(x, y), std::fdim(x, y), false)
FUNCTION2(Fmin, fmin(x, y), std::fmin(x, y), false)
FUNCTION2(Fmax, fmax(x, y), std::fmax(x, y), false)
FUNCTION2(Copysign, copysign(x, y), std::copysign(x, y), std::isnan(x))
FUNCTION2(Ldexp, ldexp(x, int(fmin(fmax(y, T(-99)), T(99)))),
          std::ldexp(x, int(std::fmin(std::fmax(y, -99.0L), 99.0L))), std::isnan(y))
FUNCTION2(Divide, x / y, x / y, false)
FUNCTION2(Fused, fma(x, y, x), std::fma(x, y, x), false)

template <class T>
void functions(double (*bound)(double single, double twice)) {
#define COMPARE(name, single, twice, from, to) \
  compare<T, name<T>>(#name, bound(single, twice), from, to)
  const bool narrow = sizeof(T) == 4;
  COMPARE(Sqrt, 0, 0, 0, 1e30);
  COMPARE(Rsqrt, 2, 1, 0, 1e30);
  COMPARE(Cbrt, 1, 1, -1e30, 1e30);
  COMPARE(Rcbrt, 1, 1, -1e30, 1e30);
  COMPARE(Exp, 2, 1, narrow ? -100 : -740, narrow ? 90 : 710);
  COMPARE(Exp2, 2, 1, narrow ? -150 : -1080, narrow ? 130 : 1030);
  COMPARE(Exp10, 2, 1, narrow ? -45 : -320, narrow ? 39 : 309);
  COMPARE(Expm1, 1, 1, -40, 80);
  COMPARE(Log, 1, 1, 0, 1e9);
  COMPARE(Log2, 1, 1, 0, 1e9);
  COMPARE(Log10, 2, 1, 0, 1e9);
  COMPARE(Log1p, 1, 1, -1, 1e6);
  COMPARE(Sin, 2, 2, -1e6, 1e6);
  COMPARE(Cos, 2, 2, -1e6, 1e6);
  COMPARE(Tan, 4, 2, -1e6, 1e6);
  COMPARE(Sinpi, 1, 2, -1e4, 1e4);
  COMPARE(Cospi, 1, 2, -1e4, 1e4);
  COMPARE(Asin, 2, 2, -1, 1);
  COMPARE(Acos, 2, 2, -1, 1);
  COMPARE(Atan, 2, 2, -30, 30);
  COMPARE(Sinh, 3, 2, -80, 80);
  COMPARE(Cosh, 2, 1, -80, 80);
  COMPARE(Tanh, 2, 2, -20, 20);
  COMPARE(Asinh, 3, 3, -1e6, 1e6);
  COMPARE(Acosh, 4, 3, 1, 1e6);
  COMPARE(Atanh, 3, 2, -1, 1);
  COMPARE(Erf, 2, 2, -6, 6);
  COMPARE(Erfc, 4, 5, -6, narrow ? 10 : 26);
  COMPARE(Erfinv, 2, 5, -1, 1);
  COMPARE(Erfcinv, 4, 6, 0, 2);
  COMPARE(Erfcx, 4, 4, -5, 1e4);
  COMPARE(Normcdf, 5, 5, narrow ? -14 : -37, 8);
  COMPARE(Normcdfinv, 5, 8, 0, 1);
  COMPARE(Lgamma, 6, 4, 0, 1e4);
  COMPARE(Tgamma, 11, 10, narrow ? -35 : -170, narrow ? 35 : 171);
  COMPARE(Floor, 0, 0, -1e10, 1e10);
  COMPARE(Rint, 0, 0, -100, 100);
  COMPARE(Round, 0, 0, -100, 100);
  COMPARE(Trunc, 0, 0, -100, 100);
  COMPARE(Logb, 0, 0, 0, 1e30);
  COMPARE(I0, 6, 6, -30, 30);
  COMPARE(Pow, 4, 2, -50, 50);
  COMPARE(Hypot, 3, 2, -1e20, 1e20);
  COMPARE(Rhypot, 2, 1, -1e10, 1e10);
  COMPARE(Norm3, 3, 2, -1e10, 1e10);
  COMPARE(Norm4, 3, 2, -1e10, 1e10);
  COMPARE(Atan2, 3, 2, -10, 10);
  COMPARE(Fmod, 0, 0, -1e6, 1e6);
  COMPARE(Remainder, 0, 0, -1e6, 1e6);
  COMPARE(Fdim, 0, 0, -1e6, 1e6);
  COMPARE(Fmin, 0, 0, -1e6, 1e6);
  COMPARE(Fmax, 0, 0, -1e6, 1e6);
  COMPARE(Copysign, 0, 0, -1e6, 1e6);
  COMPARE(Ldexp, 0, 0, -100, 100);
  COMPARE(Divide, 0, 0, -1e10, 1e10);
  COMPARE(Fused, 0, 0, -1e3, 1e3);
#undef COMPARE
}

void single_precision() {
  functions<float>([](double single, double) { return single; });
}

void double_precision() {
  functions<double>([](double, double twice) { return twice; });
}

/// The guide gives these an absolute error: near their zeros a relative one means nothing.
template <class T, class Function>
void absolute(const char* name, double bound) {
  std::vector<T> points;
  for (int i = 1; i <= kCount; ++i) points.push_back(static_cast<T>(i * 8.0 / kCount));
  const Array<T> x(points), results(kCount);
  apply<T, Function><<<(kCount + 127) / 128, 128>>>(x, x, results);
  const std::vector<T> got = results.host();
  double worst = 0;
  for (int i = 0; i < kCount; ++i) {
    const long double right = Function::host(points[i], 0);
    const double scale = std::fmax(1.0, std::fabs(static_cast<double>(right)));
    worst = std::fmax(worst, std::fabs(static_cast<double>(got[i] - right)) / scale);
  }
  if (worst > bound) std::printf("  %s: error %g\n", name, worst);
  expect(worst <= bound, name);
}

void bessel() {
  absolute<float, J0<float>>("j0f", 9 * FLT_EPSILON);
  absolute<float, J1<float>>("j1f", 9 * FLT_EPSILON);
  absolute<float, Y0<float>>("y0f", 9 * FLT_EPSILON);
  absolute<double, J0<double>>("j0", 7 * DBL_EPSILON);
  absolute<double, J1<double>>("j1", 7 * DBL_EPSILON);
  absolute<double, Y0<double>>("y0", 7 * DBL_EPSILON);
}

// The fast versions: the guide's error, absolute for sine and cosine within a turn.
struct Fast {
  float exponential, tens, logarithm, quotient, power, root;
};

__global__ void fast(const float* x, float* sine, float* cosine, Fast* others) {
  const int i = threadIdx.x;
  sine[i] = __sinf(x[i]);
  cosine[i] = __cosf(x[i]);
  others[i] = {__expf(x[i]),           __exp10f(x[i]),         __logf(x[i] + 4),
               __fdividef(x[i], 1.7f), __powf(x[i] + 4, 1.5f), __frsqrt_rn(x[i] + 4)};
}

void fast_functions() {
  std::vector<float> points;
  for (int i = 0; i < 256; ++i) points.push_back((i - 127.5f) * static_cast<float>(kPi) / 128);
  const Array<float> x(points), sine(256), cosine(256);
  const Array<Fast> others(256);
  fast<<<1, 256>>>(x, sine, cosine, others);
  const std::vector<float> sines = sine.host(), cosines = cosine.host();
  const std::vector<Fast> got = others.host();
  const double turn = std::ldexp(1.0, -21.19);  // the larger one
  for (int i = 0; i < 256; ++i) {
    const double p = points[i];
    const double slack = 2 + std::floor(std::fabs(1.173 * p));
    expect(std::fabs(sines[i] - std::sin(p)) <= turn, "__sinf");
    expect(std::fabs(cosines[i] - std::cos(p)) <= turn, "__cosf");
    expect(distance(got[i].exponential, std::exp(p)) <= slack + 0.5, "__expf");
    expect(distance(got[i].tens, std::pow(10.0, p)) <= 2 + std::floor(std::fabs(2.97 * p)) + 0.5,
           "__exp10f");
    expect(std::fabs(got[i].logarithm - std::log(p + 4)) <= 3 * FLT_EPSILON, "__logf");
    expect(distance(got[i].quotient, p / double(1.7f)) <= 2.5, "__fdividef");
    expect(distance(got[i].power, std::pow(double(points[i] + 4), 1.5)) <= 12, "__powf");
    expect(distance(got[i].root, 1 / std::sqrt(double(points[i] + 4))) <= 0.5, "__frsqrt_rn");
  }
}

// Rounding of single operations: directed results enclose the nearest one as the exact error says.
__global__ void directed(const double* x, const double* y, double* results, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  double* r = results + i * 12;
  const double a = x[i], b = y[i];
  r[0] = __dadd_rd(a, b), r[1] = __dadd_ru(a, b), r[2] = __dadd_rz(a, b);
  r[3] = __dmul_rd(a, b), r[4] = __dmul_ru(a, b), r[5] = __ddiv_rd(a, b), r[6] = __ddiv_ru(a, b);
  r[7] = __dsqrt_rd(fabs(a)), r[8] = __dsqrt_ru(fabs(a));
  r[9] = __double2float_rd(a), r[10] = __double2float_ru(a), r[11] = __fma_rz(a, b, a);
}

void rounding() {
  constexpr int kPairs = 1000;
  Random random(2);
  std::vector<double> a, b;
  for (int i = 0; i < kPairs; ++i) {
    // Few enough bits for sums that long double holds exactly.
    a.push_back(std::ldexp(static_cast<double>(random.wide() >> 24), -36) - 7);
    b.push_back(std::ldexp(static_cast<double>((random.wide() >> 24) + 1), -26));
  }
  const Array<double> x(a), y(b), results(kPairs * 12);
  directed<<<8, 128>>>(x, y, results, kPairs);
  const std::vector<double> got = results.host();
  int wrong = 0;
  const auto neighbours = [](double down, double up) {
    return up == down || up == std::nextafter(down, INFINITY);
  };
  for (int i = 0; i < kPairs; ++i) {
    const double* r = &got[i * 12];
    const long double p = a[i], q = b[i];
    for (int down : {0, 3, 5, 7}) wrong += !neighbours(r[down], r[down + 1]);
    // Residuals by fma have the right sign.
    wrong += r[0] > p + q || r[1] < p + q || r[2] != (p + q < 0 ? r[1] : r[0]);
    wrong += std::fma(a[i], b[i], -r[3]) < 0 || std::fma(a[i], b[i], -r[4]) > 0;
    wrong += std::fma(r[5], b[i], -a[i]) > 0 || std::fma(r[6], b[i], -a[i]) < 0;
    wrong += std::fma(r[7], r[7], -std::fabs(a[i])) > 0;
    wrong += std::fma(r[8], r[8], -std::fabs(a[i])) < 0;
    wrong += r[9] > a[i] || r[10] < a[i];
    wrong += static_cast<float>(r[10]) > std::nextafter(static_cast<float>(r[9]), INFINITY);
    const double fused = std::fma(a[i], b[i], a[i]);
    wrong += r[11] != fused && r[11] != std::nextafter(fused, 0);
  }
  expect_equal("wrong results", wrong, 0);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"single_precision", single_precision},
                       {"double_precision", double_precision},
                       {"bessel", bessel},
                       {"fast_functions", fast_functions},
                       {"rounding", rounding}});
}
