// Operands to text.

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include "kernels/ptx/print_writer.h"

namespace cuda_shim::kernels::ptx {
namespace {

class OperandWriter {
 public:
  explicit OperandWriter(std::string& out) : out_(out) {}

  void operator()(const Sink&) const { out_ += '_'; }
  void operator()(const Name& name) const { write(out_, name); }
  void operator()(const Immediate& immediate) const { write(out_, immediate); }

  void operator()(const Address& address) const {
    if (address.bracketed) out_ += '[';
    std::visit([this](const auto& base) { write(out_, base); }, address.base);
    if (address.offset != 0 || (!address.bracketed && !address.subscript))
      fmt::format_to(std::back_inserter(out_), "+{}", address.offset);
    if (address.subscript) {
      out_ += '[';
      write(out_, address.more);
    } else if (!address.more.empty()) {
      out_ += ", ";
      write(out_, address.more);
    }
    if (address.bracketed || address.subscript) out_ += ']';
  }

  void operator()(const Vector& vector) const {
    out_ += vector.parenthesised ? '(' : '{';
    write(out_, vector.elements);
    out_ += vector.parenthesised ? ')' : '}';
  }

 private:
  std::string& out_;
};

}  // namespace

void write(std::string& out, const Immediate& immediate) {
  switch (immediate.kind) {
    case Immediate::Kind::kInteger:
      fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(immediate.bits));
      return;
    case Immediate::Kind::kF32:
      fmt::format_to(std::back_inserter(out), "0f{:08X}", immediate.bits);
      return;
    case Immediate::Kind::kF64:
      fmt::format_to(std::back_inserter(out), "0d{:016X}", immediate.bits);
      return;
  }
}

void write(std::string& out, const Name& name) {
  out += name.text;
  if (name.component != 0) {
    out += '.';
    out += name.component;
  } else if (!name.selector.empty()) {
    out += '.';
    out += name.selector;
  }
}

void write(std::string& out, const Operand& operand) {
  if (operand.negated) out += operand.minus ? '-' : '!';
  std::visit(OperandWriter(out), operand.value);
  if (!operand.pair) return;
  out += '|';
  write(out, *operand.pair);
}

void write(std::string& out, std::span<const Operand> operands) {
  write_list(out, operands, [&](const Operand& operand) { write(out, operand); });
}

}  // namespace cuda_shim::kernels::ptx
