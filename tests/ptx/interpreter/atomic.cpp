// atom and red (PTX ISA 9.0, section 9.7.13). Threads take turns instruction by instruction, so
// every read-modify-write is atomic.

#include <algorithm>

#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// One step of an atomic operation: what memory holds, the operands, the type; the new value.
using Operation = Bits (*)(Bits old, Bits b, Bits c, ScalarType type);

Integer integer(Bits bits, ScalarType type) {
  return to_integer(bits, type);
}

Bits exch(Bits, Bits b, Bits, ScalarType) {
  return b;
}
Bits cas(Bits old, Bits b, Bits c, ScalarType) {
  return old == b ? c : old;
}
Bits conjunction(Bits old, Bits b, Bits, ScalarType) {
  return old & b;
}
Bits disjunction(Bits old, Bits b, Bits, ScalarType) {
  return old | b;
}
Bits exclusive(Bits old, Bits b, Bits, ScalarType) {
  return old ^ b;
}
Bits inc(Bits old, Bits b, Bits, ScalarType) {
  return old >= b ? 0 : old + 1;
}
Bits dec(Bits old, Bits b, Bits, ScalarType) {
  return old == 0 || old > b ? b : old - 1;
}
Bits add_integer(Bits old, Bits b, Bits, ScalarType type) {
  return to_bits(integer(old, type) + integer(b, type));
}
Bits min_integer(Bits old, Bits b, Bits, ScalarType type) {
  return integer(b, type) < integer(old, type) ? b : old;
}
Bits max_integer(Bits old, Bits b, Bits, ScalarType type) {
  return integer(b, type) > integer(old, type) ? b : old;
}

Bits add_float(Bits old, Bits b, Bits, ScalarType type) {
  const Format& format = format_of(type);
  return encode(add(decode(old, format), decode(b, format)), format);
}

/// min and max of halves: a NaN loses against a number.
Bits extreme(Bits old, Bits b, ScalarType type, bool smaller) {
  const Format& format = format_of(type);
  const Real x = decode(old, format), y = decode(b, format);
  if (x.is_nan() && y.is_nan()) return encode(nan(), format);
  if (x.is_nan() || y.is_nan()) return x.is_nan() ? b : old;
  const int order = compare(x, y);
  const bool less = order < 0 || (order == 0 && x.negative && !y.negative);
  return less == smaller ? old : b;
}
Bits min_float(Bits old, Bits b, Bits, ScalarType type) {
  return extreme(old, b, type, true);
}
Bits max_float(Bits old, Bits b, Bits, ScalarType type) {
  return extreme(old, b, type, false);
}

/// What the elements of a packed type are.
ScalarType element_of(ScalarType type) {
  if (type == ScalarType::kF16x2) return ScalarType::kF16;
  return type == ScalarType::kBf16x2 ? ScalarType::kBf16 : type;
}

template <Operation operation>
Bits apply(Bits old, Bits b, Bits c, ScalarType type) {
  const ScalarType element = element_of(type);
  const unsigned width = kernels::ptx::bits_of(element);
  Bits result = 0;
  for (unsigned shift = 0; shift < kernels::ptx::bits_of(type); shift += width)
    result |= low_bits(operation(low_bits(old >> shift, width), low_bits(b >> shift, width),
                                 low_bits(c >> shift, width), element),
                       width)
              << shift;
  return result;
}

/// Subnormal sums of .f32: those of global memory flush, in shared memory they stay. (The manual
/// says so for atom.add.f32 without .noftz, and only of hardware; ours keep them everywhere.)
template <Operation operation>
void update(Lane& lane, std::uint64_t address, const Argument* result, const Argument& operand,
            const Argument* third) {
  const ScalarType type = lane.type();
  const unsigned bytes = kernels::ptx::bytes_of(type);
  if (address % bytes != 0)
    throw Fault(FaultKind::kMisalignedAddress,
                "The address of an atomic operation is not aligned.");
  const Bits old = lane.load(lane.space(), address, bytes);
  const Bits b = lane.bits(operand, type);
  const Bits c = third != nullptr ? lane.bits(*third, type) : 0;
  lane.store(lane.space(), address, bytes, apply<operation>(old, b, c, type));
  if (result != nullptr) lane.set(*result, old);
}

template <Operation operation>
void atom(Lane& lane) {
  const Argument& to = lane.argument(0);
  const Argument& operand = lane.argument(2);
  const std::uint64_t address = lane.address(1);
  // The fourth operand is the new value of cas; of others a cache policy.
  const bool takes_third = operation == static_cast<Operation>(cas);
  if (operand.kind != ArgumentKind::kVector)
    return update<operation>(lane, address, &to, operand,
                             takes_third ? &lane.argument(3) : nullptr);
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  for (std::size_t i = 0; i < operand.elements.size(); ++i)
    update<operation>(lane, address + i * bytes, to.elements.empty() ? nullptr : &to.elements[i],
                      operand.elements[i], nullptr);
}

template <Operation operation>
void red(Lane& lane) {
  const Argument& operand = lane.argument(1);
  const std::uint64_t address = lane.address(0);
  if (operand.kind != ArgumentKind::kVector)
    return update<operation>(lane, address, nullptr, operand, nullptr);
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  for (std::size_t i = 0; i < operand.elements.size(); ++i)
    update<operation>(lane, address + i * bytes, nullptr, operand.elements[i], nullptr);
}

#define CUDA_SHIM_ATOM_HEAD \
  "atom{.relaxed|acquire|release|acq_rel}{.<scope>}{.global|shared|shared::cta|shared::cluster}"
#define CUDA_SHIM_RED_HEAD \
  "red{.relaxed|release}{.<scope>}{.global|shared|shared::cta|shared::cluster}"
#define CUDA_SHIM_HINT "{.L2::cache_hint}"
#define CUDA_SHIM_ATOMIC(words, operation)        \
  {CUDA_SHIM_ATOM_HEAD words, atom<operation>}, { \
    CUDA_SHIM_RED_HEAD words, red<operation>      \
  }

constexpr Row kRows[] = {
    {CUDA_SHIM_ATOM_HEAD ".cas" CUDA_SHIM_HINT ".b16|b32|b64|b128|u32|u64|s32|s64", atom<cas>},
    {CUDA_SHIM_ATOM_HEAD ".exch" CUDA_SHIM_HINT ".b32|b64|b128|u32|u64|s32|s64|f32|f64",
     atom<exch>},
    CUDA_SHIM_ATOMIC(".and" CUDA_SHIM_HINT ".b32|b64", conjunction),
    CUDA_SHIM_ATOMIC(".or" CUDA_SHIM_HINT ".b32|b64", disjunction),
    CUDA_SHIM_ATOMIC(".xor" CUDA_SHIM_HINT ".b32|b64", exclusive),
    CUDA_SHIM_ATOMIC(".inc" CUDA_SHIM_HINT ".u32", inc),
    CUDA_SHIM_ATOMIC(".dec" CUDA_SHIM_HINT ".u32", dec),
    CUDA_SHIM_ATOMIC(".add" CUDA_SHIM_HINT ".u32|s32|u64|s64", add_integer),
    CUDA_SHIM_ATOMIC(".min" CUDA_SHIM_HINT ".u32|s32|u64|s64", min_integer),
    CUDA_SHIM_ATOMIC(".max" CUDA_SHIM_HINT ".u32|s32|u64|s64", max_integer),
    CUDA_SHIM_ATOMIC(".add{.noftz}" CUDA_SHIM_HINT ".f32|f64|f16|bf16|f16x2|bf16x2", add_float),
    CUDA_SHIM_ATOMIC(".add{.noftz}" CUDA_SHIM_HINT ".v2|v4|v8.f32|f16|bf16|f16x2|bf16x2",
                     add_float),
    CUDA_SHIM_ATOMIC(".min{.noftz}" CUDA_SHIM_HINT ".v2|v4|v8.f16|bf16|f16x2|bf16x2", min_float),
    CUDA_SHIM_ATOMIC(".max{.noftz}" CUDA_SHIM_HINT ".v2|v4|v8.f16|bf16|f16x2|bf16x2", max_float),
};

}  // namespace

Bits reduced(std::string_view operation, Bits old, Bits b, ScalarType type) {
  struct Named {
    std::string_view name;
    Operation of_integers, of_floats;
  };
  constexpr Named kNamed[] = {{"add", add_integer, add_float}, {"min", min_integer, min_float},
                              {"max", max_integer, max_float}, {"inc", inc, nullptr},
                              {"dec", dec, nullptr},           {"and", conjunction, nullptr},
                              {"or", disjunction, nullptr},    {"xor", exclusive, nullptr}};
  const ScalarType element = element_of(type);
  const bool is_float = kernels::ptx::kind_of(element) == TypeKind::kFloat;
  const unsigned width = kernels::ptx::bits_of(element);
  for (const Named& row : kNamed) {
    const Operation step = is_float ? row.of_floats : row.of_integers;
    if (row.name != operation || step == nullptr) continue;
    Bits result = 0;
    for (unsigned shift = 0; shift < kernels::ptx::bits_of(type); shift += width)
      result |=
          low_bits(step(low_bits(old >> shift, width), low_bits(b >> shift, width), 0, element),
                   width)
          << shift;
    return result;
  }
  throw Fault(FaultKind::kInvalid, "The type has no such reduction.");
}

Rows atomic_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
