#include "kernels/kernel_source.h"

#include <deque>

#include "kernels/ptx/names.h"

namespace cuda_shim::kernels {
namespace {

using support::Digester;

/// What a use of the variable may depend on; initial values are no part of it.
void add_variable(Digester& digest, const ptx::Variable& variable) {
  digest.add_text(variable.name)
      .add_number(static_cast<unsigned>(variable.space))
      .add_number(static_cast<unsigned>(variable.type))
      .add_number(variable.vector)
      .add_number(variable.byte_alignment())
      .add_number(variable.byte_size())
      .add_number(static_cast<unsigned>(variable.linkage))
      .add_number(variable.dimensions.size());
  for (std::uint64_t dimension : variable.dimensions) digest.add_number(dimension);
  digest.add_number(variable.pointer)
      .add_number(static_cast<unsigned>(variable.pointer_space))
      .add_number(variable.pointer_alignment);
}

/// The text from the name on holds parameters and directives; results stand before the name.
std::string_view text_from_name(const ptx::Function& function) {
  const char* const end = function.body_text.data() + function.body_text.size();
  return {function.name.data(), static_cast<std::size_t>(end - function.name.data())};
}

void add_function(Digester& digest, const ProgramUnit& unit, const ptx::Function& function) {
  digest.add_text(unit.module.target)
      .add_number(unit.module.version_major)
      .add_number(unit.module.version_minor)
      .add_number(function.is_entry)
      .add_text(text_from_name(function))
      .add_number(function.signature.results.size());
  for (const ptx::Variable& result : function.signature.results) add_variable(digest, result);
}

}  // namespace

/// Walks from the kernel to whatever it names and digests what it meets, in the order of the text.
class ReachedByKernel {
 public:
  explicit ReachedByKernel(KernelSource& source) : source_(source), program_(source.program_) {}

  support::Digest run() {
    digest_.add_number(source_.constant_bytes());
    reach(source_.kernel_.unit, *source_.kernel_.function);
    while (!pending_.empty()) {
      const auto [unit, function] = pending_.front();
      pending_.pop_front();
      read(unit, *function);
    }
    return digest_.finish();
  }

 private:
  void reach(unsigned unit, const ptx::Function& function) {
    const auto [place, is_new] = source_.functions_.try_emplace(&function, 0);
    if (!is_new) return;
    // The numbers of pointers are the program's: to know them all bodies are looked through.
    if (&function != source_.kernel_.function) place->second = program_.address_of(unit, function);
    digest_.add_number(place->second);
    add_function(digest_, program_.units()[unit], function);
    pending_.emplace_back(unit, &function);
  }

  void reach_pointers() {
    if (source_.calls_pointers_) return;
    source_.calls_pointers_ = true;
    for (const Program::AddressedFunction& candidate : program_.addressed_functions())
      reach(candidate.unit, *candidate.function);
  }

  void read(unsigned unit, const ptx::Function& function) {
    const char* const end = function.body_text.data() + function.body_text.size();
    ptx::for_each_name(function.body_text, [&](std::string_view name) {
      if (name == "call") {
        const std::string_view target = ptx::called_name(name.data() + name.size(), end);
        if (program_.find_function(unit, target, nullptr) == nullptr) reach_pointers();
      } else {
        read_name(unit, name);
      }
    });
  }

  void reach(const ProgramVariable& variable) {
    digest_.add_number(variable.offset).add_number(variable.bytes);
    reach(*variable.declaration);
  }

  void reach(const ptx::Variable& variable) {
    source_.variables_.insert(&variable);
    add_variable(digest_, variable);
  }

  void read_name(unsigned unit, std::string_view name) {
    if (const ProgramVariable* declared = program_.find_body_variable(name.data()))
      reach(*declared);
    if (const ProgramVariable* variable = program_.find_variable(unit, name)) reach(*variable);
    if (const ptx::Variable* shared = program_.find_shared(unit, name)) reach(*shared);
    unsigned defining_unit = 0;
    if (const ptx::Function* named = program_.find_function(unit, name, &defining_unit))
      reach(defining_unit, *named);
  }

  KernelSource& source_;
  const Program& program_;
  support::Digester digest_;
  std::deque<std::pair<unsigned, const ptx::Function*>> pending_;
};

KernelSource::KernelSource(const Program& program, const ProgramKernel& kernel)
    : program_(program), kernel_(kernel) {
  digest_ = ReachedByKernel(*this).run();
}

const ptx::Function* KernelSource::find_function(unsigned unit, std::string_view name,
                                                 unsigned* defining_unit) const {
  const ptx::Function* function = program_.find_function(unit, name, defining_unit);
  return functions_.contains(function) ? function : nullptr;
}

const ProgramVariable* KernelSource::if_reached(const ProgramVariable* variable) const {
  return variable != nullptr && variables_.contains(variable->declaration) ? variable : nullptr;
}

const ProgramVariable* KernelSource::find_variable(unsigned unit, std::string_view name) const {
  return if_reached(program_.find_variable(unit, name));
}

const ProgramVariable* KernelSource::find_body_variable(const ptx::Variable& declaration) const {
  return if_reached(program_.find_body_variable(declaration.name.data()));
}

const ptx::Variable* KernelSource::find_shared(unsigned unit, std::string_view name) const {
  const ptx::Variable* shared = program_.find_shared(unit, name);
  return variables_.contains(shared) ? shared : nullptr;
}

std::uint64_t KernelSource::address_of(const ptx::Function* function) const {
  const auto reached = functions_.find(function);
  return reached == functions_.end() ? 0 : reached->second;
}

std::span<const Program::AddressedFunction> KernelSource::addressed_functions() const {
  if (!calls_pointers_) return {};
  return program_.addressed_functions();
}

}  // namespace cuda_shim::kernels
