// Loads and stores (PTX ISA 9.0, section 9.7.9). Each is done at once and in program order, which
// is stronger than every semantics and scope that can be asked for; caches do not exist.

#include <fmt/format.h>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// The elements of a scalar or vector operand.
std::vector<const Argument*> elements(const Argument& argument) {
  if (argument.kind != ArgumentKind::kVector) return {&argument};
  std::vector<const Argument*> result;
  for (const Argument& element : argument.elements) result.push_back(&element);
  return result;
}

void check_alignment(std::uint64_t address, std::uint64_t bytes) {
  if (address % bytes != 0)
    throw Fault(FaultKind::kMisalignedAddress,
                fmt::format("The address {:#x} is not a multiple of {}.", address, bytes));
}

/// An address without a space that is a variable of the function (an unqualified `ld [param]`) lies
/// where the variable does.
StateSpace space_of(const Lane& lane, const Argument& address) {
  const StateSpace space = lane.space();
  if (space == StateSpace::kGeneric && address.place) return address.place->space;
  return space;
}

/// A value is extended to the register as its type says; bit types and floats by zeros.
void load(Lane& lane) {
  const Argument& from = lane.argument(1);
  const std::uint64_t address = lane.address(from);
  const auto to = elements(lane.argument(0));
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  check_alignment(address, bytes * to.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Bits value = lane.load(space_of(lane, from), address + i * bytes, bytes);
    lane.set(*to[i], to_bits(to_integer(value, lane.type())));
  }
}

void store(Lane& lane) {
  const Argument& to = lane.argument(0);
  const std::uint64_t address = lane.address(to);
  const auto from = elements(lane.argument(1));
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  check_alignment(address, bytes * from.size());
  for (std::size_t i = 0; i < from.size(); ++i)
    lane.store(space_of(lane, to), address + i * bytes, bytes, lane.bits(*from[i], lane.type()));
}

/// Hints to caches: nothing to do.
void hint(Lane&) {}

/// A policy is a number that only hints take.
void createpolicy(Lane& lane) {
  lane.set(0, 0);
}

constexpr Row kRows[] = {
    {"ld{.mmio}{.<semantics>}{.<scope>}{.<space>}{.<cache>}{.<l1>}{.<l2>}{.L2::cache_hint}{.<"
     "prefetch>}"
     "{.v2|v4|v8}.<data>",
     load},
    {"ld.global{.<cache>}.nc{.<l1>}{.<l2>}{.L2::cache_hint}{.<prefetch>}{.v2|v4|v8}.<data>", load},
    {"ld.global.nc{.<l1>}{.<l2>}{.L2::cache_hint}{.<prefetch>}{.v2|v4|v8}.<data>", load},
    {"ldu{.global}{.v2|v4}.<data>", load},
    {"st{.mmio}{.<semantics>}{.<scope>}{.<space>}{.<cache>}{.<l1>}{.<l2>}{.L2::cache_hint}{.v2|v4|"
     "v8}.<"
     "data>",
     store},
    {"prefetch{.global|local}.L1|L2", hint},
    {"prefetch.global.L2::evict_last|L2::evict_normal", hint},
    {"prefetch{.param|const}.tensormap", hint},
    {"prefetchu.L1", hint},
    {"applypriority{.global}.L2::evict_normal", hint},
    {"discard{.global}.L2", hint},
    {"createpolicy.fractional.<l2>.b64", createpolicy},
    {"createpolicy.fractional.<l2>.L2::evict_first|L2::evict_unchanged.b64", createpolicy},
    {"createpolicy.fractional.L2::evict_unchanged.b64", createpolicy},
    {"createpolicy.range{.global}.<l2>.b64", createpolicy},
    {"createpolicy.range{.global}.<l2>.L2::evict_first|L2::evict_unchanged.b64", createpolicy},
    {"createpolicy.cvt.L2.b64", createpolicy},
};

}  // namespace

Rows memory_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
