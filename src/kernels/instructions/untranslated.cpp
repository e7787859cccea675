// Instructions that are known by name only: matrices, tensor memory and a few more. They parse and
// match whatever their modifiers, so that a kernel that uses one is told that it is not translated,
// and not that it does not exist. Each leaves this list for a chapter of its own when it is
// translated; rows of other chapters come first.

#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

constexpr Row kRows[] = {
    // Matrices
    {"wgmma... ...", nullptr},
    {"tcgen05... ...", nullptr},
    // Registers of a warp group
    {"setmaxnreg... ...", nullptr},
};

}  // namespace

std::span<const Row> untranslated_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
