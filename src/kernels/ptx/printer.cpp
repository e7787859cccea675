// Statements, functions and modules to text.

#include "kernels/ptx/printer.h"

#include <fmt/format.h>

#include <iterator>
#include <tuple>

#include "kernels/ptx/print_writer.h"
#include "kernels/ptx/spellings.h"

namespace cuda_shim::kernels::ptx {
namespace {

class Printer {
 public:
  std::string take() { return std::move(out_); }

  template <class... Arguments>
  void append(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Arguments>(arguments)...);
  }

  // --- Statements, each on a line of its own
  void operator()(const Instruction& instruction) {
    indent();
    write_instruction(instruction);
    out_ += '\n';
  }
  void operator()(const Label& label) { append("{}:\n", label.name); }
  void operator()(const Variable& variable) {
    indent();
    write(out_, variable);
    out_ += ";\n";
  }
  void operator()(const TargetList& list) {
    append("{}: .{} ", list.label, list.calls ? "calltargets" : "branchtargets");
    write_list(out_, list.names, [this](std::string_view name) { out_ += name; });
    out_ += ";\n";
  }
  void operator()(const Prototype& prototype) {
    append("{}: .callprototype ", prototype.label);
    write_signature(prototype.signature, "_");
    write_directives(prototype.signature, prototype.directives);
    out_ += ";\n";
  }
  void operator()(const std::vector<Scope>& nested) {
    for (const Scope& scope : nested) {
      indent();
      write_scope(scope);
    }
  }

  void write_scope(const Scope& scope) {
    out_ += "{\n";
    ++depth_;
    for (const Statement& statement : scope.statements) std::visit(*this, statement);
    --depth_;
    indent();
    out_ += "}\n";
  }

  void write_instruction(const Instruction& instruction) {
    if (instruction.guard)
      append("@{}{} ", instruction.guard_negated ? "!" : "", instruction.guard->text);
    out_ += instruction.opcode;
    for (const std::string_view modifier : instruction.modifiers) append(".{}", modifier);
    if (!instruction.operands.empty()) out_ += ' ';
    write(out_, instruction.operands);
    out_ += ';';
  }

  void write_function(const Function& function, const Scope* body) {
    if (function.linkage != Linkage::kNone) append(".{} ", spelling_of(function.linkage));
    out_ += function.is_entry ? ".entry " : ".func ";
    if (function.unified)
      append(".attribute(.unified({}, {})) ", function.unified->first, function.unified->second);
    write_signature(function.signature, function.name);
    write_directives(function.signature, function.directives);
    out_ += body != nullptr ? "\n" : ";\n";
    if (body != nullptr) write_scope(*body);
  }

  void write_header(const Module& module) {
    append(".version {}.{}\n", module.version_major, module.version_minor);
    if (!module.target.empty()) append(".target {}", module.target);
    for (const std::string_view option : module.target_options) append(", {}", option);
    append("\n.address_size {}\n", module.address_size);
  }

 private:
  void indent() { out_.append(2 * depth_, ' '); }

  void write_parameters(const std::vector<Variable>& parameters) {
    out_ += '(';
    write_list(out_, parameters, [this](const Variable& parameter) { write(out_, parameter); });
    out_ += ") ";
  }

  void write_signature(const Signature& signature, std::string_view name) {
    if (!signature.results.empty()) write_parameters(signature.results);
    append("{} ", name);
    write_parameters(signature.parameters);
  }

  void write_directives(const Signature& signature,
                        const std::vector<PerformanceDirective>& directives) {
    if (signature.noreturn) out_ += ".noreturn ";
    for (const PerformanceDirective& directive : directives) {
      append(".{} ", directive.name);
      if (directive.name == "pragma") append("\"{}\"; ", directive.text);
      write_list(out_, directive.values, [this](std::uint64_t value) { append("{}", value); });
      out_ += ' ';
    }
  }

  std::string out_;
  std::size_t depth_ = 0;
};

bool is_before(const Location& a, const Location& b) {
  return std::tie(a.line, a.column) < std::tie(b.line, b.column);
}

ParseResult<void> print_function(Printer& printer, const Function& function) {
  if (!function.has_body()) {
    printer.write_function(function, nullptr);
    return {};
  }
  auto body = parse_body(function);
  if (!body) return std::unexpected(std::move(body.error()));
  printer.write_function(function, &*body);
  return {};
}

}  // namespace

ParseResult<std::string> print(const Module& module) {
  Printer printer;
  printer.write_header(module);
  // In the order of the text: a name must stand before its use.
  auto variable = module.variables.begin();
  for (const Function& function : module.functions) {
    for (; variable != module.variables.end() && is_before(variable->location, function.location);
         ++variable)
      printer(*variable);
    if (auto printed = print_function(printer, function); !printed)
      return std::unexpected(std::move(printed.error()));
  }
  for (; variable != module.variables.end(); ++variable) printer(*variable);
  for (const auto& [alias, aliasee] : module.aliases)
    printer.append(".alias {}, {};\n", alias, aliasee);
  return printer.take();
}

std::string print(const Function& function, const Scope* body) {
  Printer printer;
  printer.write_function(function, body);
  return printer.take();
}

std::string print(const Instruction& instruction) {
  Printer printer;
  printer.write_instruction(instruction);
  return printer.take();
}

std::string print(const Operand& operand) {
  std::string text;
  write(text, operand);
  return text;
}

std::string print(const Variable& variable) {
  std::string text;
  write(text, variable);
  return text;
}

}  // namespace cuda_shim::kernels::ptx
