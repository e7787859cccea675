#include <array>
#include <iterator>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {
namespace {

struct TypeRow {
  std::string_view spelling;
  unsigned bits;
  TypeKind kind;
};

constexpr TypeRow kTypes[] = {
#define CUDA_SHIM_PTX_TYPE(name, spelling, bits, kind) {spelling, bits, TypeKind::kind},
#include "kernels/ptx/types.def"
#undef CUDA_SHIM_PTX_TYPE
};

const TypeRow& row(ScalarType type) {
  return kTypes[static_cast<unsigned>(type)];
}

}  // namespace

unsigned bits_of(ScalarType type) {
  return row(type).bits;
}
unsigned bytes_of(ScalarType type) {
  return (row(type).bits + 7) / 8;
}
TypeKind kind_of(ScalarType type) {
  return row(type).kind;
}
std::string_view spelling_of(ScalarType type) {
  return row(type).spelling;
}

std::optional<ScalarType> type_from_spelling(std::string_view word) {
  for (unsigned i = 0; i < std::size(kTypes); ++i)
    if (kTypes[i].spelling == word) return static_cast<ScalarType>(i);
  return std::nullopt;
}

}  // namespace cuda_shim::kernels::ptx
