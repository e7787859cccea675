// The module's memory block: where each .const and .global variable lies.
//
// Initialised variables come first, so that only a prefix of the block has to be kept and copied,
// then the rest, which is zero; within each of these, constants before globals, and then the order
// of the text. Sizes of declarations, so the same program always has the same layout.

#include <fmt/format.h>

#include <algorithm>

#include "kernels/program_impl.h"
#include "kernels/program_references.h"

namespace cuda_shim::kernels {
namespace {

/// More than any device has; far below what could overflow.
constexpr std::uint64_t kMaximumBlockBytes = std::uint64_t{1} << 46;

/// `.tex .u32` too is the handle of a texture.
constexpr unsigned kHandleBytes = 8;

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// The four parts of the block, in their order.
unsigned part_of(const ProgramVariable& variable) {
  const bool zero = variable.declaration->initialiser.empty();
  const bool constant = variable.space == ptx::StateSpace::kConst;
  return (zero ? 2u : 0u) + (constant ? 0u : 1u);
}

}  // namespace

ProgramVariable make_variable(const ptx::Variable& declaration, std::uint32_t unit) {
  ProgramVariable variable;
  variable.name = declaration.name;
  variable.bytes = declaration.byte_size();
  variable.space = declaration.space == ptx::StateSpace::kConst ? ptx::StateSpace::kConst
                                                                : ptx::StateSpace::kGlobal;
  variable.visible = declaration.linkage != ptx::Linkage::kNone;
  variable.managed = declaration.managed;
  variable.reference = reference_of(declaration);
  if (variable.reference.kind != ReferenceOutline::kNone)
    variable.bytes = std::max<std::uint64_t>(variable.bytes, kHandleBytes);
  variable.declaration = &declaration;
  variable.unit = unit;
  return variable;
}

bool is_in_block(const ptx::Variable& variable) {
  return variable.space == ptx::StateSpace::kGlobal || variable.space == ptx::StateSpace::kConst ||
         variable.space == ptx::StateSpace::kTex;
}

Status Program::Impl::lay_out() {
  variable_of_declaration.resize(units.size());
  for (std::uint32_t unit = 0; unit < units.size(); ++unit) {
    const auto& list = units[unit].module.variables;
    variable_of_declaration[unit].assign(list.size(), kNoVariable);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (!is_in_block(list[i])) continue;
      const auto winner = variable_symbols.find(unit, list[i].name);
      if (!winner || winner->unit != unit || winner->index != i) continue;
      variable_of_declaration[unit][i] = static_cast<std::uint32_t>(variables.size());
      variables.push_back(make_variable(list[i], unit));
    }
  }
  for (std::uint32_t i = 0; i < variables.size(); ++i) {
    const auto [place, is_new] = variable_by_name.try_emplace(variables[i].name, i);
    if (!is_new && variables[i].visible) place->second = i;
  }
  list_body_variables();

  std::vector<ProgramVariable*> order;
  for (ProgramVariable& variable : variables) order.push_back(&variable);
  std::ranges::sort(order, {}, [](const ProgramVariable* v) { return std::pair(part_of(*v), v); });
  for (ProgramVariable* variable : order) {
    const bool holds_handle = variable->reference.kind != ReferenceOutline::kNone;
    const unsigned alignment =
        std::max(variable->declaration->byte_alignment(), holds_handle ? kHandleBytes : 1u);
    variable->offset = round_up(memory_bytes, alignment);
    if (variable->bytes > kMaximumBlockBytes - std::min(variable->offset, kMaximumBlockBytes))
      return Status(StatusCode::kInvalidPtx,
                    fmt::format("The variables up to `{}` take more than {} bytes.", variable->name,
                                kMaximumBlockBytes));
    memory_bytes = variable->offset + variable->bytes;
    memory_alignment = std::max(memory_alignment, alignment);
    if (variable->space == ptx::StateSpace::kConst)
      constant_bytes = round_up(constant_bytes, alignment) + variable->bytes;
  }
  return {};
}

const ProgramVariable* Program::Impl::variable(unsigned unit, std::string_view name) const {
  const auto ref = variable_symbols.find(unit, name);
  if (!ref) return nullptr;
  const std::uint32_t index = variable_of_declaration[ref->unit][ref->index];
  return index == kNoVariable ? nullptr : &variables[index];
}

const ptx::Variable* Program::find_shared(unsigned unit, std::string_view name) const {
  const auto shared_in = [&](unsigned place) -> const ptx::Variable* {
    const NameTable& own = impl_->variable_symbols.own[place];
    const auto found = own.find(name);
    if (found == own.end()) return nullptr;
    const ptx::Variable& variable = impl_->declaration(found->second);
    return variable.space == ptx::StateSpace::kShared ? &variable : nullptr;
  };
  const ptx::Variable* own = shared_in(unit);
  if (own == nullptr || own->linkage != ptx::Linkage::kExtern || own->byte_size() == 0) return own;
  for (unsigned other = 0; other < impl_->units.size(); ++other) {
    const ptx::Variable* definition = shared_in(other);
    if (definition != nullptr && definition->linkage != ptx::Linkage::kExtern &&
        definition->linkage != ptx::Linkage::kNone)
      return definition;
  }
  return own;
}

}  // namespace cuda_shim::kernels
