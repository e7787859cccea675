#pragma once
// What is known of a value across the lanes of a group.

#include <bit>
#include <cstdint>
#include <cstdlib>

namespace cuda_shim::kernels::simd {

/// Lane i has the value of lane 0 plus i * stride, modulo the type's width; or nothing is known.
///
/// `alignment` is a power of two that divides lane 0's value. `assumed` says that the shape holds
/// only if no extension on the way to the value wrapped around between two lanes: code that relies
/// on it must check (see Emission), and no conclusion may be drawn from it. `by_rows` says that all
/// this holds for the lanes of each row (see Lanes) beside its first lane, and that the first
/// lanes' values may be anything.
struct Shape {
  bool varying = false;
  bool assumed = false;
  bool by_rows = false;
  std::int64_t stride = 0;
  std::uint64_t alignment = 1;

  static Shape any() { return {.varying = true}; }
  static Shape uniform(std::uint64_t alignment = 1) { return {.alignment = alignment}; }

  bool is_uniform() const { return !varying && !by_rows && stride == 0; }
  bool is_affine() const { return !varying && !by_rows && stride != 0; }
  bool is_sure() const { return !varying && !assumed; }

  /// The smallest power of two above what the lanes add to lane 0's value.
  std::uint64_t span(unsigned lanes) const {
    return std::bit_ceil(static_cast<std::uint64_t>(std::llabs(stride)) * (lanes - 1) + 1);
  }
  /// Whether all lanes share the bits above the span: nothing carries out of it, of numbers of so
  /// many bits, nor into their sign.
  bool stays_within_span(unsigned lanes, unsigned bits) const {
    return is_sure() && stride >= 0 && alignment >= span(lanes) &&
           (span(lanes) - 1) >> (bits - 1) == 0;
  }

  bool operator==(const Shape&) const = default;
};

}  // namespace cuda_shim::kernels::simd
