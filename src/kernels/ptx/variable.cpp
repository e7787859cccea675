// Size and alignment of variables (PTX ISA 9.0, sections 5.4.2 to 5.4.5).

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {

std::uint64_t Variable::byte_size() const {
  std::uint64_t elements = vector;
  bool unsized = false;
  for (std::uint64_t size : dimensions) {
    unsized |= size == 0;
    if (size != 0) elements *= size;
  }
  // `elements` is one row of an unsized array: as many rows as the initialiser reaches.
  if (unsized) {
    const std::uint64_t reached = initialiser.empty() ? 0 : initialiser.back().index + 1;
    elements = (reached + elements - 1) / elements * elements;
  }
  return elements * bytes_of(type);
}

unsigned Variable::byte_alignment() const {
  return alignment.value_or(bytes_of(type) * vector);
}

}  // namespace cuda_shim::kernels::ptx
