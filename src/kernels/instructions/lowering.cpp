// What every lowering asks about an instruction's modifiers: answers from the words alone.

#include "kernels/instructions/lowering.h"

#include <fmt/format.h>

#include <algorithm>

namespace cuda_shim::kernels::instructions {
namespace {

struct SpaceWord {
  std::string_view word;
  ptx::StateSpace space;
};

constexpr SpaceWord kSpaceWords[] = {
    {"const", ptx::StateSpace::kConst},
    {"global", ptx::StateSpace::kGlobal},
    {"local", ptx::StateSpace::kLocal},
    {"param", ptx::StateSpace::kParam},
    {"param::entry", ptx::StateSpace::kParam},
    {"param::func", ptx::StateSpace::kParam},
    {"shared", ptx::StateSpace::kShared},
    {"shared::cta", ptx::StateSpace::kShared},
    {"shared::cluster", ptx::StateSpace::kShared},
};

}  // namespace

bool Lowering::has(std::string_view modifier) const {
  const auto& words = instruction().modifiers;
  return std::ranges::find(words, modifier) != words.end();
}

ptx::ScalarType Lowering::type(unsigned n) const {
  for (std::string_view word : instruction().modifiers)
    if (const auto type = ptx::type_from_spelling(word); type && n-- == 0) return *type;
  return ptx::ScalarType::kB32;
}

Rounding Lowering::rounding() const {
  if (has("rz")) return Rounding::kZero;
  if (has("rm")) return Rounding::kDown;
  if (has("rp")) return Rounding::kUp;
  return Rounding::kNearestEven;
}

ptx::StateSpace Lowering::space() const {
  for (const SpaceWord& row : kSpaceWords)
    if (has(row.word)) return row.space;
  return ptx::StateSpace::kGeneric;
}

unsigned Lowering::vector_width() const {
  if (has("v2")) return 2;
  if (has("v4")) return 4;
  return has("v8") ? 8 : 1;
}

bool Lowering::has_operand(unsigned index) const {
  return index < instruction().operands.size();
}

Status Lowering::not_supported(std::string why) const {
  std::string name(instruction().opcode);
  for (std::string_view word : instruction().modifiers) name.append(".").append(word);
  return Status(StatusCode::kInvalidPtx, fmt::format("`{}` is not supported: {}", name, why));
}

}  // namespace cuda_shim::kernels::instructions
