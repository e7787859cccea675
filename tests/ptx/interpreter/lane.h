#pragma once
// What a row's function sees: one thread at one instruction, with the operands as the values that
// the manual speaks of. A Group is the threads that carry a collective instruction out together.

#include <array>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "ptx/interpreter/machine.h"
#include "ptx/interpreter/real.h"

namespace cuda_shim::tests::interpreter {

class Lane {
 public:
  Lane(Machine& machine_in, Block& block_in, Thread& thread_in, const Step& step_in)
      : machine(&machine_in), block(&block_in), thread(&thread_in), step(&step_in) {}

  Machine* machine;
  Block* block;
  Thread* thread;
  const Step* step;

  // --- Modifiers
  bool has(std::string_view modifier) const;
  /// The one of these that is written; empty if none is.
  std::string_view which(std::initializer_list<std::string_view> modifiers) const;
  /// The type modifiers in order; `type()` is the last.
  ScalarType type(unsigned index) const;
  ScalarType type() const;
  unsigned width() const { return kernels::ptx::bits_of(type()); }
  /// .rn .rz .rm .rp, also .rni ...; to nearest even if none is written.
  Rounding rounding() const;

  // --- Operands, counted from 0, the destination
  std::size_t operands() const { return step->arguments.size(); }
  const Argument& argument(unsigned index) const;
  bool has_operand(unsigned index) const { return index < operands(); }

  Bits bits(const Argument& argument, ScalarType type) const;
  Bits bits(unsigned index, ScalarType type) const { return bits(argument(index), type); }
  Bits bits(unsigned index) const { return bits(index, type()); }
  Integer integer(unsigned index, ScalarType type) const;
  Integer integer(unsigned index) const { return integer(index, type()); }
  std::uint32_t u32(unsigned index) const;
  /// Subnormal operands read as zero where .ftz is written and the type is f32.
  Real real(unsigned index, ScalarType type) const;
  Real real(unsigned index) const { return real(index, type()); }
  bool predicate(unsigned index) const { return predicate(argument(index)); }
  bool predicate(const Argument& argument) const;
  /// Of `[a]`, or of a variable's name: in the space that it belongs to.
  std::uint64_t address(const Argument& argument) const;
  std::uint64_t address(unsigned index) const { return address(argument(index)); }

  // --- Results; a sink takes anything
  void set(const Argument& argument, Bits value);
  void set(unsigned index, Bits value) { set(argument(index), value); }
  /// Cut to the instruction's type, then extended to the register as the type says.
  void set_integer(unsigned index, Integer value) { set_integer(index, value, type()); }
  void set_integer(unsigned index, Integer value, ScalarType type);
  void set_predicate(unsigned index, bool value) { set(index, value ? 1 : 0); }
  /// The q of `p|q`.
  void set_pair(unsigned index, Bits value);
  /// Rounded by the modifier, then .ftz, .sat and .relu.
  void set_real(unsigned index, const Real& value) { set_real(index, value, type()); }
  void set_real(unsigned index, const Real& value, ScalarType type);
  Bits finish_real(const Real& value, ScalarType type) const;
  Real flushed(const Real& value, ScalarType type) const;

  // --- Memory
  /// Where a place of this space and address lies; checked.
  std::byte* memory(StateSpace space, std::uint64_t address, std::uint64_t bytes);
  Bits load(StateSpace space, std::uint64_t address, unsigned bytes);
  void store(StateSpace space, std::uint64_t address, unsigned bytes, Bits value);
  /// The space that the modifiers name; generic if none.
  StateSpace space() const;

  // --- Control
  bool guard() const { return thread->frames.back().registers[step->guard->index] != 0; }
  void advance() { ++thread->frame().pc; }
  void jump(unsigned position);
  bool jumped() const { return jumped_; }

 private:
  std::byte* window(StateSpace space, std::uint64_t address, std::uint64_t bytes);
  std::byte* shared(std::uint64_t address, std::uint64_t bytes);
  Bits immediate(const kernels::ptx::Immediate& value, ScalarType type) const;
  std::uint64_t address_of(const Place& place) const;

  bool jumped_ = false;
};

struct Group {
  std::vector<Lane> lanes;
  std::array<Lane*, kWarpSize> at = {};  ///< by number in the warp; null: takes no part
  std::uint32_t members = 0;             ///< as the mask operand says, without exited threads
};

}  // namespace cuda_shim::tests::interpreter
