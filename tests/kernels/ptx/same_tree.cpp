#include "same_tree.h"

#include <algorithm>
#include <concepts>

namespace cuda_shim::kernels::ptx {
namespace {

template <class T>
  requires std::equality_comparable<T>
bool same(const T& a, const T& b) {
  return a == b;
}

bool same(const Name& a, const Name& b);
bool same(const Immediate& a, const Immediate& b);
bool same(const Operand& a, const Operand& b);
bool same(const Address& a, const Address& b);
bool same(const Vector& a, const Vector& b);
bool same(const Sink&, const Sink&) {
  return true;
}
bool same(const InitialValue& a, const InitialValue& b);
bool same(const Variable& a, const Variable& b);
bool same(const Signature& a, const Signature& b);
bool same(const PerformanceDirective& a, const PerformanceDirective& b);
bool same(const Instruction& a, const Instruction& b);
bool same(const Label& a, const Label& b) {
  return a.name == b.name;
}
bool same(const TargetList& a, const TargetList& b);
bool same(const Prototype& a, const Prototype& b);
bool same(const Scope& a, const Scope& b);
bool same(const Function& a, const Function& b);

template <class T>
  requires(!std::equality_comparable<T>)
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

template <class T>
  requires(!std::equality_comparable<T>)
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

template <class... T>
bool same_alternative(const std::variant<T...>& a, const std::variant<T...>& b) {
  return a.index() == b.index() && std::visit(
                                       [&](const auto& x) {
                                         using X = std::decay_t<decltype(x)>;
                                         return same(x, std::get<X>(b));
                                       },
                                       a);
}

bool same(const Name& a, const Name& b) {
  return a.text == b.text && a.component == b.component && a.selector == b.selector;
}
bool same(const Immediate& a, const Immediate& b) {
  return a.kind == b.kind && a.bits == b.bits;
}
bool same(const Operand& a, const Operand& b) {
  return same_alternative(a.value, b.value) && same(a.pair, b.pair) && a.negated == b.negated &&
         a.minus == b.minus;
}
bool same(const Address& a, const Address& b) {
  return same_alternative(a.base, b.base) && a.offset == b.offset && same(a.more, b.more) &&
         a.bracketed == b.bracketed && a.subscript == b.subscript;
}
bool same(const Vector& a, const Vector& b) {
  return a.parenthesised == b.parenthesised && same(a.elements, b.elements);
}
bool same(const InitialValue& a, const InitialValue& b) {
  return a.index == b.index && same(a.number, b.number) && a.symbol == b.symbol &&
         a.offset == b.offset && a.generic == b.generic && a.mask_byte == b.mask_byte;
}
bool same(const Variable& a, const Variable& b) {
  return a.name == b.name && a.space == b.space && a.type == b.type && a.vector == b.vector &&
         a.alignment == b.alignment && a.dimensions == b.dimensions &&
         same(a.initialiser, b.initialiser) &&
         std::ranges::equal(a.properties, b.properties,
                            [](const auto& x, const auto& y) {
                              return x.first == y.first && same(x.second, y.second);
                            }) &&
         a.initialised == b.initialised && a.linkage == b.linkage &&
         a.register_range == b.register_range && a.managed == b.managed && a.unified == b.unified &&
         a.pointer == b.pointer && a.pointer_space == b.pointer_space &&
         a.pointer_alignment == b.pointer_alignment;
}
bool same(const Signature& a, const Signature& b) {
  return same(a.results, b.results) && same(a.parameters, b.parameters) && a.noreturn == b.noreturn;
}
bool same(const PerformanceDirective& a, const PerformanceDirective& b) {
  return a.name == b.name && a.values == b.values && a.text == b.text;
}
bool same(const Instruction& a, const Instruction& b) {
  return a.opcode == b.opcode && a.modifiers == b.modifiers && same(a.operands, b.operands) &&
         same(a.guard, b.guard) && a.guard_negated == b.guard_negated;
}
bool same(const TargetList& a, const TargetList& b) {
  return a.label == b.label && a.names == b.names && a.calls == b.calls;
}
bool same(const Prototype& a, const Prototype& b) {
  return a.label == b.label && same(a.signature, b.signature) && same(a.directives, b.directives);
}
bool same(const Scope& a, const Scope& b) {
  return std::ranges::equal(a.statements, b.statements, [](const Statement& x, const Statement& y) {
    return same_alternative(x, y);
  });
}
bool same(const Function& a, const Function& b) {
  return a.name == b.name && a.is_entry == b.is_entry && a.linkage == b.linkage &&
         same(a.signature, b.signature) && same(a.directives, b.directives) &&
         a.unified == b.unified && a.has_body() == b.has_body();
}

}  // namespace

bool same_tree(const Scope& a, const Scope& b) {
  return same(a, b);
}

bool same_outline(const Module& a, const Module& b) {
  return a.version_major == b.version_major && a.version_minor == b.version_minor &&
         a.target == b.target && a.target_options == b.target_options &&
         a.address_size == b.address_size && same(a.variables, b.variables) &&
         same(a.functions, b.functions) && a.aliases == b.aliases;
}

}  // namespace cuda_shim::kernels::ptx
