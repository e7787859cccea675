#pragma once
// What a kernel's translation may see of its program: the kernel and whatever it reaches, by name
// or by a function pointer.
//
// The translator gets nothing else, so that the digest, which covers all of it, identifies the
// result: two programs whose kernels have equal digests get the same code, whatever else they hold.
// The way there costs a look at every word of the functions reached, and no parsing.

#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "kernels/program.h"
#include "support/digest.h"

namespace cuda_shim::kernels {

class KernelSource {
 public:
  /// Both must outlive this.
  KernelSource(const Program& program, const ProgramKernel& kernel);

  const ProgramKernel& kernel() const { return kernel_; }
  const support::Digest& digest() const { return digest_; }

  /// The PTX of the unit that holds the kernel, for people to read.
  std::string_view text() const { return program_.units()[kernel_.unit].text; }

  // --- As Program's, among what the kernel reaches.
  const ptx::Function* find_function(unsigned unit, std::string_view name,
                                     unsigned* defining_unit) const;
  const ProgramVariable* find_variable(unsigned unit, std::string_view name) const;
  const ProgramVariable* find_body_variable(const ptx::Variable& declaration) const;
  /// The .shared variable that the name means in module scope of the unit; null if there is none.
  const ptx::Variable* find_shared(unsigned unit, std::string_view name) const;
  /// The value of a pointer to the function; 0 if its address is taken nowhere in the program.
  std::uint64_t address_of(const ptx::Function* function) const;
  /// All functions that a pointer can mean, in the order of their numbers, from 1; empty if the
  /// kernel calls none through a pointer.
  std::span<const Program::AddressedFunction> addressed_functions() const;
  std::uint64_t constant_bytes() const { return program_.constant_bytes(); }

 private:
  const ProgramVariable* if_reached(const ProgramVariable* variable) const;

  friend class ReachedByKernel;

  const Program& program_;
  const ProgramKernel& kernel_;
  /// Functions reached, each with the number of a pointer to it.
  std::unordered_map<const ptx::Function*, std::uint64_t> functions_;
  std::unordered_set<const void*> variables_;  ///< declarations of the variables reached
  bool calls_pointers_ = false;
  support::Digest digest_;
};

}  // namespace cuda_shim::kernels
