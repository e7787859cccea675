#pragma once
// Runs one PTX instruction: parses it, matches its row, lowers it with a Lowering of the test's
// own, optimises, compiles in process.
//
// Registers are named by width and number: %b0 %h0 %r0 %x0 %p0 are registers 0 of 8, 16, 32, 64 and
// 1 bits. Register n is slot n; slot 15 is the carry flag. A call gives slots 1, 2, ... their
// values and returns slot 0.

#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>

namespace cuda_shim::kernels::instructions::testing {

inline constexpr unsigned kCarrySlot = 15;
using Slots = std::array<std::uint64_t, 16>;

/// Bits of a value as a slot holds them.
template <class T>
std::uint64_t to_bits(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::uint64_t>(value);
  else
    return static_cast<std::make_unsigned_t<T>>(value);
}

class Instruction {
 public:
  /// Fails the current test and gives an instruction that does nothing if the text does not
  /// compile. Compiled once per text.
  explicit Instruction(std::string_view text);

  /// Runs it on given slots.
  void run(Slots& slots) const { function_(slots.data()); }

  /// Slots 1, 2, ... in, slot 0 out.
  template <class... T>
  std::uint64_t operator()(T... operands) const {
    Slots slots = {};
    unsigned slot = 1;
    ((slots[slot++] = to_bits(operands)), ...);
    run(slots);
    return slots[0];
  }

 private:
  using Function = void (*)(std::uint64_t* slots);
  Function function_;
};

/// The message with which matching or lowering refuses the text; empty if it does not.
std::string refusal(std::string_view text);

}  // namespace cuda_shim::kernels::instructions::testing
