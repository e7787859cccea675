#pragma once
// A function made ready to step through: its scopes flattened into one list of steps, its names
// resolved to registers, places in memory and targets. Nothing is translated: a step still is the
// instruction of the syntax tree.

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/program.h"
#include "ptx/interpreter/number.h"
#include "ptx/interpreter/row.h"

namespace cuda_shim::tests::interpreter {

struct Register {
  unsigned index = 0;
  unsigned width = 0;  ///< bits
};

/// Where a variable lies. Global and constant ones: offset in the module's memory; shared ones: in
/// the block's; local ones and parameters: in the frame's.
struct Place {
  StateSpace space = StateSpace::kGeneric;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Special;

enum class ArgumentKind {
  kSink,
  kRegister,
  kImmediate,
  kSpecial,
  kPlace,   ///< address of a variable, or register or number in brackets, plus `offset`
  kVector,  ///< {a, b} or a register of vector type
  kName     ///< function, label, list of targets, prototype
};

struct Argument {
  ArgumentKind kind = ArgumentKind::kSink;
  Register reg;                       ///< kRegister; kPlace with a register as base
  std::optional<Register> pair;       ///< of `p|q`, the q
  kernels::ptx::Immediate immediate;  ///< kImmediate; kPlace with a number as base
  const Special* special = nullptr;   ///< kSpecial
  char component = 0;                 ///< kSpecial: 'x' ...
  std::optional<Place> place;         ///< kPlace with a variable as base
  std::int64_t offset = 0;            ///< kPlace
  bool base_is_register = false;      ///< kPlace
  bool bracketed = false;             ///< kPlace
  std::vector<Argument> elements;     ///< kVector; kPlace: what follows in the brackets
  bool negated = false, minus = false;
  std::string_view selector;      ///< of a video instruction's operand
  std::string_view text;          ///< kName
  std::vector<unsigned> targets;  ///< kName of a label (one) or of a list of targets
};

struct Step {
  const Row* row = nullptr;
  const kernels::ptx::Instruction* source = nullptr;
  std::vector<ScalarType> types;  ///< the modifiers that are types, in order
  std::optional<Register> guard;
  std::vector<Argument> arguments;
};

/// A formal parameter or result of a function.
struct Formal {
  std::optional<Place> place;   ///< .param
  std::optional<Register> reg;  ///< .reg
};

struct Code {
  const kernels::ptx::Function* function = nullptr;
  unsigned unit = 0;
  kernels::ptx::Scope scope;      ///< owns the instructions
  kernels::ptx::Instruction end;  ///< the `ret` after the last statement
  std::vector<Step> steps;
  unsigned registers = 0;
  std::uint64_t local_bytes = 0, param_bytes = 0;
  std::vector<Formal> parameters, results;
};

/// Offset that stands for the beginning of dynamic shared memory, which follows the static one.
inline constexpr std::uint64_t kDynamicShared = ~std::uint64_t{0};

/// The functions of a program, made ready on first use, and the layout of a block's shared memory.
class Library {
 public:
  explicit Library(std::shared_ptr<const kernels::Program> program);

  const kernels::Program& program() const { return *program_; }
  const Code& code(unsigned unit, const kernels::ptx::Function& function);
  /// The place of a variable of module scope as seen from a unit.
  std::optional<Place> find_variable(unsigned unit, std::string_view name);
  /// The place of a .global or .const variable that a body declares.
  std::optional<Place> find_body_variable(const kernels::ptx::Variable& declaration) const;
  Place add_shared(const kernels::ptx::Variable& variable);
  std::uint64_t shared_bytes() const { return shared_bytes_; }

 private:
  std::shared_ptr<const kernels::Program> program_;
  std::map<const kernels::ptx::Function*, std::unique_ptr<Code>> codes_;
  std::map<const kernels::ptx::Variable*, Place> shared_;
  std::uint64_t shared_bytes_ = 0;
};

}  // namespace cuda_shim::tests::interpreter
