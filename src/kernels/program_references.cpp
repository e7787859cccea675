#include "kernels/program_references.h"

#include <iterator>

namespace cuda_shim::kernels {
namespace {

struct ModeRow {
  std::string_view word;
  std::uint8_t mode;  ///< cuda_shim_address_mode
};
constexpr ModeRow kModes[] = {
    {"wrap", 0}, {"clamp_to_edge", 1}, {"clamp_ogl", 1}, {"mirror", 2}, {"clamp_to_border", 3}};

constexpr std::string_view kAxes[] = {"addr_mode_0", "addr_mode_1", "addr_mode_2"};

ReferenceOutline::Kind kind_of_variable(const ptx::Variable& declaration) {
  if (declaration.space == ptx::StateSpace::kTex) return ReferenceOutline::kTexture;
  switch (declaration.type) {
    case ptx::ScalarType::kTexref:
      return ReferenceOutline::kTexture;
    case ptx::ScalarType::kSurfref:
      return ReferenceOutline::kSurface;
    case ptx::ScalarType::kSamplerref:
      return ReferenceOutline::kSampler;
    default:
      return ReferenceOutline::kNone;
  }
}

bool is_true(const ptx::InitialValue& value) {
  return value.number.bits != 0;
}

}  // namespace

ReferenceOutline reference_of(const ptx::Variable& declaration) {
  ReferenceOutline reference;
  reference.kind = kind_of_variable(declaration);
  for (const auto& [name, value] : declaration.properties) {
    const std::string_view word = value.symbol.value_or("");
    if (name == "filter_mode") reference.linear = word == "linear";
    if (name == "normalized_coords") reference.normalized = is_true(value);
    if (name == "force_unnormalized_coords") reference.forces_texels = is_true(value);
    for (unsigned axis = 0; axis < std::size(kAxes); ++axis)
      for (const ModeRow& row : kModes)
        if (name == kAxes[axis] && word == row.word) reference.address_mode[axis] = row.mode;
  }
  return reference;
}

}  // namespace cuda_shim::kernels
