#include "devices/cpu/texture/tensor_reduce.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

using Operation = cuda_shim_tensor_reduction;

// --- Halves, as bits. A sum of two is exact in a double, and is rounded once.

struct Half {
  unsigned fraction_bits;
  int least_exponent;  ///< of normal numbers
  double greatest;
};
constexpr Half kF16 = {10, -14, 65504.0};
constexpr Half kBf16 = {7, -126, 0x1.fep127};

double to_double(const Half& format, std::uint16_t bits) {
  const unsigned exponent_bits = 15 - format.fraction_bits;
  const unsigned fraction = bits & ((1u << format.fraction_bits) - 1);
  const int exponent = (bits & 0x7fff) >> format.fraction_bits;
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == (1 << exponent_bits) - 1) return fraction != 0 ? NAN : sign * HUGE_VAL;
  const double significand =
      std::ldexp(fraction, -static_cast<int>(format.fraction_bits)) + (exponent != 0 ? 1 : 0);
  const int scale = format.least_exponent + (exponent != 0 ? exponent - 1 : 0);
  return sign * std::ldexp(significand, scale);
}

std::uint16_t to_bits(const Half& format, double value) {
  const auto infinity =
      static_cast<unsigned>(0x7fff >> format.fraction_bits << format.fraction_bits);
  if (std::isnan(value)) return 0x7fff;
  const unsigned sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 1, format.least_exponent);
  const double unit = std::ldexp(1.0, exponent - static_cast<int>(format.fraction_bits));
  const double units = std::nearbyint(size / unit);
  if (std::isinf(size) || units * unit > format.greatest)
    return static_cast<std::uint16_t>(sign | infinity);
  // One more than the greatest fraction carries into the exponent, as it should.
  const auto number = static_cast<unsigned>(units);
  const bool normal = number >= 1u << format.fraction_bits;
  const unsigned step = normal ? static_cast<unsigned>(exponent - format.least_exponent) : 0;
  return static_cast<std::uint16_t>(sign | ((step << format.fraction_bits) + number));
}

std::uint16_t reduced_half(const Half& format, Operation operation, std::uint16_t old,
                           std::uint16_t operand) {
  const double a = to_double(format, old), b = to_double(format, operand);
  if (operation == CUDA_SHIM_TENSOR_ADD) return to_bits(format, a + b);
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b) ? 0x7fff : std::isnan(a) ? operand : old;
  if (a == b) {  // of noughts, -0 is the lesser one
    const bool take = (operation == CUDA_SHIM_TENSOR_MIN) == std::signbit(b);
    return take ? operand : old;
  }
  return (operation == CUDA_SHIM_TENSOR_MIN) == (b < a) ? operand : old;
}

// --- Elements

template <class T>
T reduced_integer(Operation operation, T old, T operand) {
  using Bits = std::make_unsigned_t<T>;
  switch (operation) {
    case CUDA_SHIM_TENSOR_ADD:
      return static_cast<T>(static_cast<Bits>(old) + static_cast<Bits>(operand));
    case CUDA_SHIM_TENSOR_MIN:
      return operand < old ? operand : old;
    case CUDA_SHIM_TENSOR_MAX:
      return operand > old ? operand : old;
    case CUDA_SHIM_TENSOR_INC:
      return old >= operand ? 0 : old + 1;
    case CUDA_SHIM_TENSOR_DEC:
      return old == 0 || old > operand ? operand : old - 1;
    case CUDA_SHIM_TENSOR_AND:
      return old & operand;
    case CUDA_SHIM_TENSOR_OR:
      return old | operand;
    case CUDA_SHIM_TENSOR_XOR:
      return old ^ operand;
  }
  return old;
}

template <class Bits, class Reduce>
void update(char* to, const char* from, std::size_t elements, Reduce reduce) {
  for (std::size_t i = 0; i < elements; ++i) {
    Bits operand;
    std::memcpy(&operand, from + i * sizeof operand, sizeof operand);
    std::atomic_ref<Bits> place(reinterpret_cast<Bits*>(to)[i]);
    Bits old = place.load(std::memory_order_relaxed);
    while (!place.compare_exchange_weak(old, reduce(old, operand), std::memory_order_relaxed)) {
    }
  }
}

template <class Bits, class Float>
void add_floats(char* to, const char* from, std::size_t elements) {
  update<Bits>(to, from, elements, [](Bits old, Bits operand) {
    return std::bit_cast<Bits>(std::bit_cast<Float>(old) + std::bit_cast<Float>(operand));
  });
}

template <class T>
void reduce_integers(Operation operation, char* to, const char* from, std::size_t elements) {
  update<T>(to, from, elements,
            [operation](T old, T operand) { return reduced_integer(operation, old, operand); });
}

void reduce_halves(const Half& format, Operation operation, char* to, const char* from,
                   std::size_t elements) {
  update<std::uint16_t>(to, from, elements, [&](std::uint16_t old, std::uint16_t operand) {
    return reduced_half(format, operation, old, operand);
  });
}

constexpr unsigned bit(Operation operation) {
  return 1u << operation;
}
constexpr unsigned kBitwise =
    bit(CUDA_SHIM_TENSOR_AND) | bit(CUDA_SHIM_TENSOR_OR) | bit(CUDA_SHIM_TENSOR_XOR);
constexpr unsigned kOrdered =
    bit(CUDA_SHIM_TENSOR_ADD) | bit(CUDA_SHIM_TENSOR_MIN) | bit(CUDA_SHIM_TENSOR_MAX);
constexpr unsigned kCounting = bit(CUDA_SHIM_TENSOR_INC) | bit(CUDA_SHIM_TENSOR_DEC);
constexpr unsigned kSum = bit(CUDA_SHIM_TENSOR_ADD);

// By cuda_shim_tensor_type.
constexpr unsigned kOperations[CUDA_SHIM_TENSOR_TYPES] = {0,
                                                          0,
                                                          kOrdered | kBitwise | kCounting,
                                                          kOrdered | kBitwise,
                                                          kOrdered | kBitwise,
                                                          kOrdered | kBitwise,
                                                          kOrdered,
                                                          kSum,
                                                          kSum,
                                                          kSum,
                                                          kOrdered,
                                                          0,
                                                          0,
                                                          0,
                                                          0,
                                                          0};

}  // namespace

bool can_reduce(cuda_shim_tensor_type type, cuda_shim_tensor_reduction operation) {
  return (kOperations[type] & bit(operation)) != 0;
}

void reduce_elements(cuda_shim_tensor_type type, cuda_shim_tensor_reduction operation, char* to,
                     const char* from, std::size_t elements) {
  switch (type) {
    case CUDA_SHIM_TENSOR_U32:
      return reduce_integers<std::uint32_t>(operation, to, from, elements);
    case CUDA_SHIM_TENSOR_S32:
      return reduce_integers<std::int32_t>(operation, to, from, elements);
    case CUDA_SHIM_TENSOR_U64:
      return reduce_integers<std::uint64_t>(operation, to, from, elements);
    case CUDA_SHIM_TENSOR_S64:
      return reduce_integers<std::int64_t>(operation, to, from, elements);
    case CUDA_SHIM_TENSOR_F32:
    case CUDA_SHIM_TENSOR_F32_FTZ:
      return add_floats<std::uint32_t, float>(to, from, elements);
    case CUDA_SHIM_TENSOR_F64:
      return add_floats<std::uint64_t, double>(to, from, elements);
    case CUDA_SHIM_TENSOR_F16:
      return reduce_halves(kF16, operation, to, from, elements);
    case CUDA_SHIM_TENSOR_BF16:
      return reduce_halves(kBf16, operation, to, from, elements);
    case CUDA_SHIM_TENSOR_U8:
    case CUDA_SHIM_TENSOR_U16:
    case CUDA_SHIM_TENSOR_TF32:
    case CUDA_SHIM_TENSOR_TF32_FTZ:
    case CUDA_SHIM_TENSOR_B4X16:
    case CUDA_SHIM_TENSOR_B4X16_P64:
    case CUDA_SHIM_TENSOR_B6X16_P32:
    case CUDA_SHIM_TENSOR_TYPES:
      break;
  }
}

}  // namespace cuda_shim::devices::cpu
