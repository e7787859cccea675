#pragma once
// What the lowering of an instruction sees: its modifiers, its operands as LLVM values, and a
// builder.
//
// A lowering function reads operands with `value`, builds IR with `ir()`, writes results with
// `set`. Guards (@p) are handled outside. LLVM types: bN uN sN -> iN; f16 -> half; bf16 -> bfloat;
// f32, f64 -> float, double; pred -> i1; f16x2, bf16x2 -> <2 x half/bfloat>; u16x2, s16x2 -> <2 x
// i16>; f32x2 -> <2 x float>; everything else -> the integer of its width.
//
// The functions that read operands never return null: what is wrong with an operand (an unknown
// register, a label in its place) is remembered and fails the instruction after its lowering has
// returned, so that lowerings need not check each operand.

#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/instructions/row.h"
#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

/// One row of intrinsics.def.
enum class DeviceOp : unsigned {
#define CUDA_SHIM_INTRINSIC(name, result, parameters, effects) name,
#include "cuda_shim/intrinsics.def"
#undef CUDA_SHIM_INTRINSIC
};

/// Rounding of arithmetic, as numbered in intrinsics.def.
enum class Rounding : unsigned { kNearestEven = 0, kZero = 1, kDown = 2, kUp = 3 };

class Lowering {
 public:
  virtual ~Lowering() = default;

  virtual llvm::IRBuilder<>& ir() = 0;
  virtual const ptx::Instruction& instruction() const = 0;

  // --- Modifiers
  /// Whether the word (without dot) stands among the modifiers.
  bool has(std::string_view modifier) const;
  /// The n-th type word among the modifiers, from 0 (cvt: 0 destination, 1 source). The row
  /// guarantees that it exists.
  ptx::ScalarType type(unsigned n = 0) const;
  /// .rn .rz .rm .rp if written, else nearest even.
  Rounding rounding() const;
  /// The state space named by the modifiers (shared::cta and shared::cluster: kShared), or generic.
  ptx::StateSpace space() const;
  /// .v2 .v4 .v8, or 1.
  unsigned vector_width() const;

  // --- Operands. `index` counts as in the row; an operand that is not there is `has_operand(i) ==
  // false`.
  bool has_operand(unsigned index) const;
  /// Reads operand `index` as a value of `type`: registers (bit pattern reinterpreted, a wider one
  /// truncated, a narrower one zero-extended), immediates (converted), special registers, addresses
  /// of variables and functions. Negated predicates are inverted.
  virtual llvm::Value* value(unsigned index, ptx::ScalarType type) = 0;
  /// Whether operand `index` is a predicate register.
  virtual bool is_predicate(unsigned index) = 0;
  /// Writes the destination; does nothing for `_`. A destination register wider than `type` is
  /// extended: sign-extended for signed types, else zero.
  virtual void set(unsigned index, llvm::Value* value, ptx::ScalarType type) = 0;
  /// Second destination of `p|q`; does nothing where it is not written.
  virtual void set_pair(unsigned index, llvm::Value* value, ptx::ScalarType type) = 0;
  /// Elements of a vector operand `{a, b}`; a plain operand has one. Those of an address with
  /// coordinates, `[a, {x, y}]`, are the coordinates.
  virtual unsigned element_count(unsigned index) const = 0;
  virtual llvm::Value* element(unsigned index, unsigned element, ptx::ScalarType type) = 0;
  virtual void set_element(unsigned index, unsigned element, llvm::Value* value,
                           ptx::ScalarType type) = 0;
  /// The second value of an address that has three parts, `[a, b, {x, y}]`; null of any other.
  virtual llvm::Value* second_of_address(unsigned index, ptx::ScalarType type) = 0;
  /// The pointer of an address operand `[...]` in the state space (default: of the modifiers),
  /// ready for a load or store.
  virtual llvm::Value* address(unsigned index,
                               std::optional<ptx::StateSpace> space = std::nullopt) = 0;

  // --- Building
  virtual llvm::Type* llvm_type(ptx::ScalarType type) = 0;
  virtual llvm::CallInst* device_op(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) = 0;
  /// The carry flag CC.CF (i1) of add.cc and its family.
  virtual llvm::Value* carry() = 0;
  virtual void set_carry(llvm::Value* value) = 0;
  /// Goes on in a new basic block (after a terminator that the lowering emitted, e.g. for a trap).
  virtual llvm::BasicBlock* new_block(const char* name) = 0;

  // --- Control flow (the instructions of that chapter only)
  /// The block of the label that operand `index` names.
  virtual llvm::BasicBlock* label(unsigned index) = 0;
  /// The blocks of the .branchtargets list that operand `index` names.
  virtual std::vector<llvm::BasicBlock*> label_list(unsigned index) = 0;
  /// The whole of `call`: its operands are unlike all others.
  virtual Status call() = 0;
  /// Leaves the function.
  virtual void ret() = 0;
  /// Ends the thread.
  virtual void exit() = 0;

  // --- Refusing
  /// kInvalidPtx "`opcode.modifiers` is not supported: <why>"; the caller adds line, column and
  /// statement.
  Status not_supported(std::string why) const;
};

}  // namespace cuda_shim::kernels::instructions
