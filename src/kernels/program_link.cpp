// Resolving names between units, as a device linker does (PTX ISA 9.0, section 11.7).
//
// A name without linkage belongs to its unit. Of definitions with the same name, .visible beats
// .weak beats .common; two .visible are an error; of two .weak the first stays; of two .common the
// larger.

#include <fmt/format.h>

#include "kernels/program_impl.h"

namespace cuda_shim::kernels {
namespace {

unsigned strength(ptx::Linkage linkage) {
  switch (linkage) {
    case ptx::Linkage::kCommon:
      return 1;
    case ptx::Linkage::kWeak:
      return 2;
    case ptx::Linkage::kNone:
    case ptx::Linkage::kVisible:
    case ptx::Linkage::kExtern:
      break;
  }
  return 3;
}

/// What linking needs to know of a definition of either kind.
struct Definition {
  std::string_view name;
  ptx::Linkage linkage;
  ptx::Location location;
  std::uint64_t bytes;
};

Definition definition_of(const ptx::Function& f) {
  return {f.name, f.linkage, f.location, 0};
}
Definition definition_of(const ptx::Variable& v) {
  return {v.name, v.linkage, v.location, v.linkage == ptx::Linkage::kCommon ? v.byte_size() : 0};
}

std::span<const ptx::Function> items(const ProgramUnit& unit, const ptx::Function*) {
  return unit.module.functions;
}
std::span<const ptx::Variable> items(const ProgramUnit& unit, const ptx::Variable*) {
  return unit.module.variables;
}

/// Adds the definitions of kind T (functions or variables) to the names.
template <class T>
class Linker {
 public:
  Linker(std::span<const ProgramUnit> units, Symbols& symbols) : units_(units), symbols_(symbols) {
    symbols_.own.resize(units.size());
    std::size_t count = 0;
    for (const ProgramUnit& unit : units)
      count += items(unit, static_cast<const T*>(nullptr)).size();
    symbols_.shared.reserve(count);
  }

  Status add(DefinitionRef ref) {
    const Definition added = definition(ref);
    const bool own = added.linkage == ptx::Linkage::kNone;
    NameTable& table = own ? symbols_.own[ref.unit] : symbols_.shared;
    const auto [place, is_new] = table.try_emplace(added.name, ref);
    return is_new ? Status() : settle(added, ref, place->second);
  }

 private:
  Definition definition(DefinitionRef ref) const {
    return definition_of(items(units_[ref.unit], static_cast<const T*>(nullptr))[ref.index]);
  }

  /// Two definitions of one name: the winner goes to `kept`.
  Status settle(const Definition& added, DefinitionRef ref, DefinitionRef& kept) {
    const Definition old = definition(kept);
    const unsigned old_strength = strength(old.linkage), new_strength = strength(added.linkage);
    if (old_strength == 3 && new_strength == 3)
      return Status(StatusCode::kInvalidPtx,
                    fmt::format("`{}` is defined in {} and again in {}.", added.name,
                                describe_place(units_[kept.unit], old.location),
                                describe_place(units_[ref.unit], added.location)));
    const bool larger_common = old_strength == 1 && new_strength == 1 && added.bytes > old.bytes;
    if (new_strength > old_strength || larger_common) kept = ref;
    return {};
  }

  std::span<const ProgramUnit> units_;
  Symbols& symbols_;
};

}  // namespace

std::optional<DefinitionRef> Symbols::find(unsigned unit, std::string_view name) const {
  if (const auto place = own[unit].find(name); place != own[unit].end()) return place->second;
  if (const auto place = shared.find(name); place != shared.end()) return place->second;
  return std::nullopt;
}

const ptx::Function* Program::Impl::declared_function(unsigned unit, std::string_view name) {
  declared_functions.resize(units.size());
  const auto& list = units[unit].module.functions;
  NameTable& table = declared_functions[unit];
  if (table.empty())
    for (std::uint32_t i = 0; i < list.size(); ++i)
      table.try_emplace(list[i].name, DefinitionRef{unit, i});
  const auto place = table.find(name);
  return place == table.end() ? nullptr : &list[place->second.index];
}

/// `.alias a, b`: `a` gets the definition that `b` has in the unit; how far `a` is seen, its
/// declaration says.
Status Program::Impl::add_aliases(unsigned unit) {
  for (const auto& [alias, aliasee] : units[unit].module.aliases) {
    const auto definition = functions.find(unit, aliasee);
    if (!definition)
      return Status(
          StatusCode::kInvalidPtx,
          fmt::format("The alias `{}` of unit '{}' stands for `{}`, which is not defined.", alias,
                      units[unit].name, aliasee));
    const ptx::Function* declared = declared_function(unit, alias);
    const bool own = declared == nullptr || declared->linkage == ptx::Linkage::kNone;
    (own ? functions.own[unit] : functions.shared).try_emplace(alias, *definition);
  }
  return {};
}

Status Program::Impl::link_functions() {
  Linker<ptx::Function> linker(units, functions);
  for (std::uint32_t unit = 0; unit < units.size(); ++unit) {
    const auto& list = units[unit].module.functions;
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (!list[i].has_body()) continue;
      functions_named_like_registers |= list[i].name[0] == '%';
      if (Status status = linker.add({unit, i}); !status.ok()) return status;
    }
  }
  for (std::uint32_t unit = 0; unit < units.size(); ++unit)
    if (Status status = add_aliases(unit); !status.ok()) return status;
  return {};
}

Status Program::Impl::link_variables() {
  Linker<ptx::Variable> linker(units, variable_symbols);
  std::vector<DefinitionRef> externs;
  for (std::uint32_t unit = 0; unit < units.size(); ++unit) {
    const auto& list = units[unit].module.variables;
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      // A .shared name hides another unit's .global of the same name.
      if (!is_in_block(list[i])) {
        variable_symbols.own[unit].try_emplace(list[i].name, DefinitionRef{unit, i});
      } else if (list[i].linkage == ptx::Linkage::kExtern && !list[i].initialised) {
        externs.push_back({unit, i});
      } else if (Status status = linker.add({unit, i}); !status.ok()) {
        return status;
      }
    }
  }
  for (const DefinitionRef ref : externs)
    if (!variable_symbols.find(ref.unit, declaration(ref).name))
      return Status(
          StatusCode::kInvalidPtx,
          fmt::format("`{}` is declared in {} but no unit defines it.", declaration(ref).name,
                      describe_place(units[ref.unit], declaration(ref).location)));
  return {};
}

}  // namespace cuda_shim::kernels
