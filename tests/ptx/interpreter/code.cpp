#include "ptx/interpreter/code.h"

#include <fmt/format.h>

#include <utility>

#include "kernels/ptx/parser.h"
#include "ptx/interpreter/fault.h"
#include "ptx/interpreter/special.h"

namespace cuda_shim::tests::interpreter {
namespace {

namespace ptx = kernels::ptx;

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
  return alignment == 0 ? value : (value + alignment - 1) / alignment * alignment;
}

/// What a name of a function's body means.
struct Meaning {
  std::optional<Register> reg;
  unsigned vector = 1;  ///< of a register: this many on end
  std::optional<Place> place;
  bool is_target = false;               ///< a label or a list of them
  std::vector<std::string_view> names;  ///< of a list of targets
  unsigned position = 0;                ///< of a label, once it has been passed
};

class Flattener {
 public:
  Flattener(Library& library, Code& code) : library_(library), code_(code) {}

  void run() {
    scopes_.emplace_back();
    for (const ptx::Variable& result : code_.function->signature.results)
      code_.results.push_back(declare_formal(result));
    for (const ptx::Variable& parameter : code_.function->signature.parameters)
      code_.parameters.push_back(declare_formal(parameter));
    flatten(code_.scope);
    code_.end.opcode = "ret";
    add(code_.end);
  }

 private:
  using Names = std::map<std::string, Meaning, std::less<>>;

  Formal declare_formal(const ptx::Variable& variable) {
    declare(variable);
    const Meaning& meaning = scopes_.back().at(std::string(variable.name));
    return {meaning.place, meaning.reg};
  }

  void flatten(const ptx::Scope& scope) {
    scopes_.emplace_back();
    const std::size_t first = pending_.size();
    for (const ptx::Statement& statement : scope.statements) declare_target(statement);
    for (const ptx::Statement& statement : scope.statements)
      std::visit([this](const auto& item) { add(item); }, statement);
    resolve_targets(first);
    scopes_.pop_back();
  }

  /// Labels are known before they are passed.
  void declare_target(const ptx::Statement& statement) {
    if (const auto* label = std::get_if<ptx::Label>(&statement)) {
      scopes_.back()[std::string(label->name)].is_target = true;
    } else if (const auto* list = std::get_if<ptx::TargetList>(&statement)) {
      Meaning& meaning = scopes_.back()[std::string(list->label)];
      meaning.is_target = !list->calls;
      meaning.names = list->names;
    }
  }

  void add(const ptx::Label& label) {
    scopes_.back()[std::string(label.name)].position = static_cast<unsigned>(code_.steps.size());
  }
  void add(const ptx::TargetList&) {}
  void add(const ptx::Prototype&) {}
  void add(const std::vector<ptx::Scope>& inner) {
    for (const ptx::Scope& scope : inner) flatten(scope);
  }
  void add(const ptx::Variable& variable) { declare(variable); }

  void add(const ptx::Instruction& instruction) {
    Step step;
    step.source = &instruction;
    step.row = &find_row(instruction.opcode, instruction.modifiers);
    for (std::string_view word : instruction.modifiers)
      if (const auto type = ptx::type_from_spelling(word)) step.types.push_back(*type);
    if (instruction.guard) step.guard = register_named(*instruction.guard);
    for (const ptx::Operand& operand : instruction.operands)
      step.arguments.push_back(argument(operand));
    code_.steps.push_back(std::move(step));
  }

  // --- Declarations

  void declare(const ptx::Variable& variable) {
    if (variable.space == StateSpace::kReg) return declare_registers(variable);
    Meaning meaning;
    switch (variable.space) {
      case StateSpace::kParam:
        meaning.place = take(variable, code_.param_bytes);
        break;
      case StateSpace::kLocal:
        meaning.place = take(variable, code_.local_bytes);
        break;
      case StateSpace::kShared:
        meaning.place = library_.add_shared(variable);
        break;
      case StateSpace::kGlobal:
      case StateSpace::kConst:
        meaning.place = library_.find_body_variable(variable);
        break;
      default:
        throw invalid(variable.location,
                      fmt::format("`{}` cannot be declared in a function.", variable.name));
    }
    scopes_.back()[std::string(variable.name)] = meaning;
  }

  static Place take(const ptx::Variable& variable, std::uint64_t& used) {
    used = round_up(used, variable.byte_alignment());
    const Place place{variable.space, used, variable.byte_size()};
    used += variable.byte_size();
    return place;
  }

  void declare_registers(const ptx::Variable& variable) {
    if (!variable.register_range) return declare_register(std::string(variable.name), variable);
    for (unsigned i = 0; i < *variable.register_range; ++i)
      declare_register(fmt::format("{}{}", variable.name, i), variable);
  }

  void declare_register(const std::string& name, const ptx::Variable& variable) {
    Meaning meaning;
    meaning.reg = Register{code_.registers, ptx::bits_of(variable.type)};
    meaning.vector = variable.vector;
    code_.registers += variable.vector;
    scopes_.back()[name] = meaning;
  }

  // --- Names

  const Meaning* find(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      if (const auto place = scope->find(name); place != scope->end()) return &place->second;
    return nullptr;
  }

  Register register_named(const ptx::Name& name) const {
    const Meaning* meaning = find(name.text);
    if (meaning == nullptr || !meaning->reg)
      throw invalid(here(), fmt::format("`{}` is not a register.", name.text));
    if (name.component == 0) return *meaning->reg;
    return {meaning->reg->index + component_index(name.component), meaning->reg->width};
  }

  static unsigned component_index(char component) {
    return static_cast<unsigned>(std::string_view("xyzw").find(component));
  }

  std::optional<Place> place_named(std::string_view name) const {
    if (const Meaning* meaning = find(name)) return meaning->place;
    return library_.find_variable(code_.unit, name);
  }

  // --- Operands

  Argument argument(const ptx::Operand& operand) {
    location_ = operand.location;
    Argument result =
        std::visit([this](const auto& value) { return argument(value); }, operand.value);
    result.negated = operand.negated && !operand.minus;
    result.minus = operand.minus;
    if (operand.pair && operand.pair->text != "_") result.pair = register_named(*operand.pair);
    return result;
  }

  Argument argument(const ptx::Sink&) { return {}; }

  Argument argument(const ptx::Immediate& immediate) {
    Argument result;
    result.kind = ArgumentKind::kImmediate;
    result.immediate = immediate;
    return result;
  }

  Argument argument(const ptx::Vector& vector) {
    Argument result;
    result.kind = ArgumentKind::kVector;
    for (const ptx::Operand& element : vector.elements)
      result.elements.push_back(argument(element));
    return result;
  }

  Argument argument(const ptx::Name& name) {
    Argument result;
    result.selector = name.selector;
    if (const Meaning* meaning = find(name.text))
      return argument(name, *meaning, std::move(result));
    if (const auto place = library_.find_variable(code_.unit, name.text)) {
      result.kind = ArgumentKind::kPlace;
      result.place = place;
    } else if (const Special* special = find_special(name.text)) {
      result.kind = ArgumentKind::kSpecial;
      result.special = special;
      result.component = name.component;
    } else if (name.text.starts_with('%')) {
      throw invalid(here(), fmt::format("`{}` is not declared.", name.text));
    } else {
      result.kind = ArgumentKind::kName;
      result.text = name.text;
    }
    return result;
  }

  Argument argument(const ptx::Name& name, const Meaning& meaning, Argument result) {
    if (meaning.reg && meaning.vector > 1 && name.component == 0) {
      result.kind = ArgumentKind::kVector;
      for (unsigned i = 0; i < meaning.vector; ++i) {
        Argument element;
        element.kind = ArgumentKind::kRegister;
        element.reg = {meaning.reg->index + i, meaning.reg->width};
        result.elements.push_back(element);
      }
    } else if (meaning.reg) {
      result.kind = ArgumentKind::kRegister;
      result.reg = register_named(name);
    } else if (meaning.place) {
      result.kind = ArgumentKind::kPlace;
      result.place = meaning.place;
    } else {
      result.kind = ArgumentKind::kName;
      result.text = name.text;
      pending_.push_back({code_.steps.size(), name.text});
    }
    return result;
  }

  Argument argument(const ptx::Address& address) {
    Argument result;
    result.kind = ArgumentKind::kPlace;
    result.offset = address.offset;
    result.bracketed = address.bracketed;
    for (const ptx::Operand& more : address.more) result.elements.push_back(argument(more));
    if (address.subscript)
      throw Fault(FaultKind::kUnsupported, "The interpreter has no table[index] operands.");
    if (const auto* immediate = std::get_if<ptx::Immediate>(&address.base)) {
      result.immediate = *immediate;
      return result;
    }
    const ptx::Name& name = std::get<ptx::Name>(address.base);
    result.place = place_named(name.text);
    if (!result.place) {
      result.base_is_register = true;
      result.reg = register_named(name);
    }
    return result;
  }

  // --- Branch targets: filled in when the scope that may hold the label ends

  struct Pending {
    std::size_t step;
    std::string_view name;
  };

  void resolve_targets(std::size_t first) {
    for (std::size_t i = first; i < pending_.size(); ++i) {
      const auto meaning = scopes_.back().find(pending_[i].name);
      if (meaning == scopes_.back().end()) continue;
      const std::string_view name = std::exchange(pending_[i].name, {});
      for (Argument& argument : code_.steps[pending_[i].step].arguments)
        if (argument.kind == ArgumentKind::kName && argument.text == name)
          argument.targets = targets_of(meaning->second);
    }
  }

  std::vector<unsigned> targets_of(const Meaning& meaning) const {
    if (!meaning.is_target) return {};
    if (meaning.names.empty()) return {meaning.position};
    std::vector<unsigned> targets;
    for (std::string_view name : meaning.names) {
      const Meaning* label = find(name);
      if (label == nullptr || !label->is_target)
        throw invalid(here(), fmt::format("`{}` is not a label.", name));
      targets.push_back(label->position);
    }
    return targets;
  }

  ptx::Location here() const { return location_; }

  static Fault invalid(ptx::Location location, const std::string& message) {
    return Fault(FaultKind::kInvalid, fmt::format("Line {}: {}", location.line, message));
  }

  Library& library_;
  Code& code_;
  std::vector<Names> scopes_;
  std::vector<Pending> pending_;
  ptx::Location location_;
};

}  // namespace

Library::Library(std::shared_ptr<const kernels::Program> program) : program_(std::move(program)) {}

const Code& Library::code(unsigned unit, const ptx::Function& function) {
  std::unique_ptr<Code>& code = codes_[&function];
  if (code != nullptr) return *code;
  auto made = std::make_unique<Code>();
  made->function = &function;
  made->unit = unit;
  auto body = ptx::parse_body(function);
  if (!body) throw Fault(FaultKind::kInvalid, body.error().to_string());
  made->scope = std::move(*body);
  Flattener(*this, *made).run();
  code = std::move(made);
  return *code;
}

std::optional<Place> Library::find_variable(unsigned unit, std::string_view name) {
  if (const kernels::ProgramVariable* variable = program_->find_variable(unit, name))
    return Place{variable->space, variable->offset, variable->bytes};
  for (const ptx::Variable& variable : program_->units()[unit].module.variables)
    if (variable.name == name && variable.space == StateSpace::kShared) return add_shared(variable);
  return std::nullopt;
}

std::optional<Place> Library::find_body_variable(const ptx::Variable& declaration) const {
  const kernels::ProgramVariable* variable = program_->find_body_variable(declaration.name.data());
  if (variable == nullptr) return std::nullopt;
  return Place{variable->space, variable->offset, variable->bytes};
}

/// Unsized ones, the dynamic shared memory, get the end of the window: see Block.
Place Library::add_shared(const ptx::Variable& variable) {
  if (variable.linkage == ptx::Linkage::kExtern && variable.byte_size() == 0)
    return {StateSpace::kShared, kDynamicShared, 0};
  const auto [entry, is_new] = shared_.try_emplace(&variable);
  if (is_new) {
    shared_bytes_ = round_up(shared_bytes_, variable.byte_alignment());
    entry->second = {StateSpace::kShared, shared_bytes_, variable.byte_size()};
    shared_bytes_ += variable.byte_size();
  }
  return entry->second;
}

}  // namespace cuda_shim::tests::interpreter
