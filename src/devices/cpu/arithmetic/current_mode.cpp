// Arithmetic under whatever rounding mode the thread has. FENV_ACCESS keeps the compiler from
// folding or moving it.

#include <cmath>

#include "devices/cpu/arithmetic/rounded.h"

#pragma STDC FENV_ACCESS ON

namespace cuda_shim::devices::cpu::arithmetic::current_mode {
namespace {

/// Half of a number that is too large for the signed conversion, with the lost bit kept sticky, so
/// that doubling the converted half gives what converting the whole would.
std::int64_t sticky_half(std::uint64_t a) {
  return static_cast<std::int64_t>(a >> 1 | (a & 1));
}

bool fits_signed(std::uint64_t a) {
  return static_cast<std::int64_t>(a) >= 0;
}

}  // namespace

float add_f32(float a, float b) {
  return a + b;
}
float mul_f32(float a, float b) {
  return a * b;
}
float fma_f32(float a, float b, float c) {
  return std::fma(a, b, c);
}
float div_f32(float a, float b) {
  return a / b;
}
float sqrt_f32(float a) {
  return std::sqrt(a);
}
double add_f64(double a, double b) {
  return a + b;
}
double mul_f64(double a, double b) {
  return a * b;
}
double fma_f64(double a, double b, double c) {
  return std::fma(a, b, c);
}
double div_f64(double a, double b) {
  return a / b;
}
double sqrt_f64(double a) {
  return std::sqrt(a);
}
float cvt_f32_f64(double a) {
  return static_cast<float>(a);
}
float cvt_f32_s64(std::int64_t a) {
  return static_cast<float>(a);
}
double cvt_f64_s64(std::int64_t a) {
  return static_cast<double>(a);
}

float cvt_f32_u64(std::uint64_t a) {
  if (fits_signed(a)) return static_cast<float>(static_cast<std::int64_t>(a));
  return static_cast<float>(sticky_half(a)) * 2;
}

double cvt_f64_u64(std::uint64_t a) {
  if (fits_signed(a)) return static_cast<double>(static_cast<std::int64_t>(a));
  return static_cast<double>(sticky_half(a)) * 2;
}

}  // namespace cuda_shim::devices::cpu::arithmetic::current_mode
