#pragma once
// Inside of Program: the tables that linking builds, and the steps that build them, in their order.

#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "kernels/program.h"

namespace cuda_shim::kernels {

/// A definition: the index-th function or variable of a unit's module.
struct DefinitionRef {
  std::uint32_t unit = 0;
  std::uint32_t index = 0;
};

using NameTable = std::unordered_map<std::string_view, DefinitionRef>;

/// Names of one kind (functions, or variables): those every unit sees, and those that only one
/// does.
struct Symbols {
  NameTable shared;
  std::vector<NameTable> own;  ///< per unit

  /// What `name` means in `unit`.
  std::optional<DefinitionRef> find(unsigned unit, std::string_view name) const;
};

/// A place in the initial memory that takes a function's number, little-endian.
struct FunctionSlot {
  std::uint64_t offset = 0;
  DefinitionRef function;
  std::int64_t addend = 0;
};

/// A .global or .const variable that a function's body declares.
struct BodyVariable {
  ptx::Variable declaration;
  std::uint32_t unit = 0;
  std::uint32_t scope = 0;  ///< in scope_parents
  std::uint32_t index = 0;  ///< in variables
};

struct Program::Impl {
  std::vector<ProgramUnit> units;
  std::vector<ProgramKernel> kernels;
  std::vector<ProgramVariable> variables;
  std::unordered_map<std::string_view, std::uint32_t> kernel_by_name, variable_by_name;
  Symbols functions, variable_symbols;
  bool functions_named_like_registers = false;  ///< some function's name begins with %
  /// [unit][index of the declaration]: index into variables, or kNoVariable.
  std::vector<std::vector<std::uint32_t>> variable_of_declaration;
  static constexpr std::uint32_t kNoVariable = ~std::uint32_t{0};
  std::vector<BodyVariable> body_variables;
  std::vector<std::uint32_t> scope_parents;  ///< of the scopes that declare them
  static constexpr std::uint32_t kNoScope = ~std::uint32_t{0};
  /// By the place of the name in the text, which no two declarations share.
  std::unordered_map<const char*, std::uint32_t> variable_at_place;

  std::uint64_t memory_bytes = 0, constant_bytes = 0;
  unsigned memory_alignment = 1;
  std::vector<std::byte>
      image;  ///< initial memory up to the last initialised variable, without functions' numbers
  std::vector<AddressFixup> fixups;
  std::vector<FunctionSlot> function_slots;

  std::vector<NameTable> declared_functions;  ///< per unit, empty until needed

  // Functions whose address is taken: found on first use, because it reads every body.
  mutable std::once_flag addressed_once;
  mutable std::vector<AddressedFunction> addressed;
  mutable std::vector<std::vector<std::uint32_t>>
      number_of_function;  ///< [unit][index]: 1 + index in addressed, or 0

  const ptx::Function& function(DefinitionRef ref) const {
    return units[ref.unit].module.functions[ref.index];
  }
  /// A declaration or definition of the function in the unit itself. Opening a program only: the
  /// tables are made on first use.
  const ptx::Function* declared_function(unsigned unit, std::string_view name);
  const ptx::Variable& declaration(DefinitionRef ref) const {
    return units[ref.unit].module.variables[ref.index];
  }
  const ProgramVariable* variable(unsigned unit, std::string_view name) const;
  /// What the name means where the variable is declared, which may be in a body.
  const ProgramVariable* variable_seen_by(const ProgramVariable& from, std::string_view name) const;

  // --- The steps of from_ptx
  Status parse(std::vector<std::pair<std::string, std::string>> named_texts);  ///< program.cpp
  Status link_functions();                                                     ///< program_link.cpp
  Status add_aliases(unsigned unit);                                           ///< program_link.cpp
  Status link_variables();                                                     ///< program_link.cpp
  Status find_body_variables();  ///< program_bodies.cpp
  void list_body_variables();    ///< program_bodies.cpp
  Status list_kernels();         ///< program_kernels.cpp
  Status lay_out();              ///< program_memory.cpp
  Status initialise();           ///< program_initialise.cpp
  // --- Later
  void find_addressed() const;  ///< program_addressed.cpp
  std::uint32_t number_of(DefinitionRef function) const;
};

/// Whether the variable lies in the module's memory block (a reference of a texture, too).
bool is_in_block(const ptx::Variable& variable);
/// The variable of a declaration, without its place.
ProgramVariable make_variable(const ptx::Variable& declaration, std::uint32_t unit);

/// "unit 'x', line 3, column 4"
std::string describe_place(const ProgramUnit& unit, ptx::Location location);

}  // namespace cuda_shim::kernels
