#pragma once
// A Program: what an application gave to be loaded (a fatbin, ELF, PTX text, or several PTX units
// to be linked), opened far enough to know its kernels and variables. Translating a kernel is
// kernels/compiler.h.
//
// Everything here works without LLVM. A Program is immutable and may be shared between threads.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/program_outline.h"
#include "kernels/ptx/ast.h"
#include "kernels/ptx/parser.h"

namespace cuda_shim::kernels {

/// A .global or .const variable in the module's one memory block.
struct ProgramVariable : VariableOutline {
  ptx::StateSpace space = ptx::StateSpace::kGlobal;
  bool visible = false;  ///< found by name from outside its unit
  const ptx::Variable* declaration = nullptr;
  unsigned unit = 0;
};

struct ProgramKernel : KernelOutline {
  const ptx::Function* function = nullptr;
  unsigned unit = 0;
};

/// One PTX text with its outline.
struct ProgramUnit {
  std::string name;  ///< for messages: identifier in the fatbin, or "ptx"
  std::string text;
  ptx::Module module;
};

class Program {
 public:
  /// Opens one or more PTX texts as one program: names are resolved between units (a strong
  /// definition beats weak ones, .common merges, names without linkage stay private to their unit).
  /// kInvalidPtx with line and column; kNotFound-like link errors name the symbol (an undefined
  /// function only breaks the kernels that call it).
  static Result<std::shared_ptr<const Program>> from_ptx(
      std::vector<std::pair<std::string, std::string>> named_texts);

  std::span<const ProgramUnit> units() const;
  std::span<const ProgramKernel> kernels() const;
  std::span<const ProgramVariable> variables() const;
  /// By the name the application knows; null if there is none. Constant time.
  const ProgramKernel* kernel(std::string_view name) const;
  const ProgramVariable* variable(std::string_view name) const;

  // --- For the translator: names as seen from one unit.
  /// The function definition that `name` means in `unit`; null if there is none. `defining_unit`
  /// says where it is.
  const ptx::Function* find_function(unsigned unit, std::string_view name,
                                     unsigned* defining_unit) const;
  const ProgramVariable* find_variable(unsigned unit, std::string_view name) const;
  /// The .global or .const variable that one of the units' functions declares with its name at this
  /// place of the text; null if there is none.
  const ProgramVariable* find_body_variable(const char* name) const;
  /// The .shared variable that the name means in module scope of the unit: its own, or, for an
  /// .extern one of known size, another unit's definition. Null if there is none.
  const ptx::Variable* find_shared(unsigned unit, std::string_view name) const;
  /// Functions whose address is taken anywhere; a function pointer's value is 1 + its index here,
  /// on every device and in every kernel.
  struct AddressedFunction {
    unsigned unit;
    const ptx::Function* function;
  };
  std::span<const AddressedFunction> addressed_functions() const;
  /// 1 + the index of a function with a body in addressed_functions(); 0 if it is not among them.
  std::uint64_t address_of(unsigned unit, const ptx::Function& function) const;

  // --- The module's memory block: all .global and .const variables.
  std::uint64_t memory_bytes() const;
  unsigned memory_alignment() const;
  std::uint64_t constant_bytes() const;
  /// Initial contents, memory_bytes() long (zeros where not initialised), before fixups.
  std::vector<std::byte> initial_memory() const;
  /// The same without the zeros at its end: what is copied into a block that was cleared.
  std::vector<std::byte> initialised_prefix() const;
  std::span<const AddressFixup> fixups() const;

  Program();
  ~Program();
  Program(const Program&) = delete;

  struct Impl;  ///< program_impl.h

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cuda_shim::kernels
