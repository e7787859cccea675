#include "ptx/interpreter/matrix.h"

#include <fmt/format.h>

#include <cstdio>

namespace cuda_shim::tests::interpreter {
namespace {

const std::vector<Argument>& registers_of(const Lane& lane, unsigned operand) {
  const Argument& argument = lane.argument(operand);
  if (argument.kind != ArgumentKind::kVector)
    throw Fault(FaultKind::kInvalid, "An operand is not a vector.");
  return argument.elements;
}

unsigned register_bits(const ElementType& type) {
  return type.bits == 64 ? 64 : 32;
}

Bits read_register(const Lane& lane, const Argument& argument) {
  return lane.bits(argument, argument.kind == ArgumentKind::kRegister && argument.reg.width == 64
                                 ? ScalarType::kB64
                                 : ScalarType::kB32);
}

}  // namespace

ElementType element_type(std::string_view name) {
  if (name == "u8" || name == "s8") return {name, 8, 0, false, name == "s8"};
  if (name == "u4" || name == "s4") return {name, 4, 0, false, name == "s4"};
  if (name == "s32") return {name, 32, 0, false, true};
  if (name == "b1") return {name, 1, 0, false, false};
  return {name, format_named(name).bits, 0, true, true};
}

MatrixShape shape_of(const Lane& lane) {
  MatrixShape shape;
  for (std::string_view word : lane.step->source->modifiers)
    if (std::sscanf(std::string(word).c_str(), "m%un%uk%u", &shape.m, &shape.n, &shape.k) == 3)
      return shape;
  throw Fault(FaultKind::kInvalid, "The instruction has no shape.");
}

Real decode_element(Bits bits, const ElementType& type) {
  if (type.is_float) return decode(bits >> type.shift, format_named(type.name));
  return from_integer(to_integer(bits, type.bits, type.is_signed));
}

Bits encode_element(const Real& value, const ElementType& type, const Lane& how) {
  if (type.is_float) return encode(value, format_named(type.name), how.rounding());
  const Integer number = round_to_integer(value, Rounding::kZero);
  return to_bits(how.has("satfinite") ? clamp(number, ScalarType::kS32) : number);
}

Matrix gather_matrix(const Group& group, unsigned operand, unsigned rows, unsigned columns,
                     const ElementType& type, const Layout& layout) {
  Matrix matrix(rows, columns);
  const unsigned per_register = register_bits(type) / type.bits;
  std::size_t given = 0;
  for (const Lane& lane : group.lanes) {
    given += registers_of(lane, operand).size() * per_register;
    unsigned index = 0;
    for (const Argument& argument : registers_of(lane, operand)) {
      const Bits bits = read_register(lane, argument);
      for (unsigned i = 0; i < per_register; ++i, ++index) {
        const Place2 place = layout(lane.thread->lane, index);
        if (place.row >= rows || place.column >= columns)
          throw Fault(FaultKind::kInvalid, "An operand has too many registers.");
        matrix.at(place.row, place.column) =
            decode_element(low_bits(bits >> (i * type.bits), type.bits), type);
      }
    }
  }
  if (given < matrix.elements.size())
    throw Fault(FaultKind::kInvalid, "An operand has too few registers.");
  return matrix;
}

void scatter_matrix(Group& group, unsigned operand, const Matrix& matrix, const ElementType& type,
                    const Layout& layout) {
  const unsigned per_register = register_bits(type) / type.bits;
  for (Lane& lane : group.lanes) {
    unsigned index = 0;
    for (const Argument& argument : registers_of(lane, operand)) {
      Bits bits = 0;
      for (unsigned i = 0; i < per_register; ++i, ++index) {
        const Place2 place = layout(lane.thread->lane, index);
        const Real& value = matrix.at(place.row, place.column);
        bits |= low_bits(encode_element(value, type, lane), type.bits) << (i * type.bits);
      }
      lane.set(argument, bits);
    }
  }
}

namespace {

/// One term of a sum. Products of f64 are fused multiply-adds, one after another, each rounded.
Real add_term(const Lane& how, const Real& sum, const Real& x, const Real& y) {
  if (how.has("popc") && how.has("xor"))
    return add(sum, x.is_zero() != y.is_zero() ? one() : zero(false));
  const Real exact = add(sum, multiply(x, y), how.rounding());
  if (!how.has("f64")) return exact;
  const Format& format = format_named("f64");
  return decode(encode(exact, format, how.rounding()), format);
}

}  // namespace

Matrix multiply_matrices(const Lane& how, const Matrix& a, const Matrix& b, const Matrix& c) {
  if (a.columns != b.rows) throw Fault(FaultKind::kInvalid, "The matrices do not fit.");
  Matrix d = c;
  for (unsigned row = 0; row < d.rows; ++row)
    for (unsigned column = 0; column < d.columns; ++column)
      for (unsigned k = 0; k < a.columns; ++k)
        d.at(row, column) = add_term(how, d.at(row, column), a.at(row, k), b.at(k, column));
  return d;
}

}  // namespace cuda_shim::tests::interpreter
