// Variables of the module's memory that are declared inside of function bodies.
//
// Bodies are not parsed when a program is opened, so those that declare such a variable are found
// by its state space, where a statement may begin: after `.global` an instruction's name would
// stand. A body found for nothing (the words stand in a comment) costs its parsing only.

#include <string_view>

#include "kernels/program_impl.h"
#include "kernels/ptx/characters.h"

namespace cuda_shim::kernels {
namespace {

bool begins_a_word(std::string_view text, std::size_t at) {
  return at == 0 || !(ptx::is(text[at - 1], ptx::kNameRest) || text[at - 1] == ':');
}

bool may_declare(std::string_view body, std::string_view space) {
  for (std::size_t at = body.find(space); at != body.npos; at = body.find(space, at + 1))
    if (begins_a_word(body, at)) return true;
  return false;
}

/// Walks a body's scopes.
class BodyReader {
 public:
  BodyReader(Program::Impl& program, std::uint32_t unit) : program_(program), unit_(unit) {}

  void read(const ptx::Scope& scope, std::uint32_t parent) {
    const auto own = static_cast<std::uint32_t>(program_.scope_parents.size());
    program_.scope_parents.push_back(parent);
    for (const ptx::Statement& statement : scope.statements) {
      if (const auto* variable = std::get_if<ptx::Variable>(&statement)) {
        const bool elsewhere = variable->linkage == ptx::Linkage::kExtern;
        if (is_in_block(*variable) && !elsewhere)
          program_.body_variables.push_back({*variable, unit_, own, 0});
      } else if (const auto* nested = std::get_if<std::vector<ptx::Scope>>(&statement)) {
        for (const ptx::Scope& inner : *nested) read(inner, own);
      }
    }
  }

 private:
  Program::Impl& program_;
  std::uint32_t unit_;
};

}  // namespace

Status Program::Impl::find_body_variables() {
  for (std::uint32_t unit = 0; unit < units.size(); ++unit)
    for (const ptx::Function& function : units[unit].module.functions) {
      if (!may_declare(function.body_text, ".global") && !may_declare(function.body_text, ".const"))
        continue;
      // What is wrong with a body is told when it is translated.
      if (const auto body = ptx::parse_body(function))
        BodyReader(*this, unit).read(*body, kNoScope);
    }
  return {};
}

void Program::Impl::list_body_variables() {
  for (BodyVariable& variable : body_variables) {
    variable.index = static_cast<std::uint32_t>(variables.size());
    variables.push_back(make_variable(variable.declaration, variable.unit));
    variable_at_place.emplace(variable.declaration.name.data(), variable.index);
  }
}

const ProgramVariable* Program::Impl::variable_seen_by(const ProgramVariable& from,
                                                       std::string_view name) const {
  std::uint32_t scope = kNoScope;
  for (const BodyVariable& variable : body_variables)
    if (&variable.declaration == from.declaration) scope = variable.scope;
  for (; scope != kNoScope; scope = scope_parents[scope])
    for (const BodyVariable& variable : body_variables)
      if (variable.scope == scope && variable.declaration.name == name)
        return &variables[variable.index];
  return this->variable(from.unit, name);
}

const ProgramVariable* Program::find_body_variable(const char* name) const {
  const auto place = impl_->variable_at_place.find(name);
  return place == impl_->variable_at_place.end() ? nullptr : &impl_->variables[place->second];
}

}  // namespace cuda_shim::kernels
