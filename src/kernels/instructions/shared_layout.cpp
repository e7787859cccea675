// Where the .shared variables of a kernel lie.

#include "kernels/instructions/shared_layout.h"

#include <algorithm>

namespace cuda_shim::kernels::instructions {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace

std::uint64_t SharedLayout::offset_of(const ptx::Variable& variable) {
  // The tree of a body goes when the body is lowered; the text stays.
  return offset_of(variable.name.data(), variable.byte_size(), variable.byte_alignment());
}

std::uint64_t SharedLayout::offset_of(const void* key, std::uint64_t bytes,
                                      std::uint64_t alignment) {
  const auto [entry, added] = offsets_.emplace(key, 0);
  if (added) {
    entry->second = round_up(bytes_, alignment);
    bytes_ = entry->second + bytes;
    alignment_ = std::max(alignment_, alignment);
  }
  return entry->second;
}

void SharedLayout::use_dynamic(std::uint64_t alignment) {
  alignment_ = std::max(alignment_, alignment);
}

std::uint64_t SharedLayout::static_bytes() const {
  return round_up(bytes_, alignment_);
}

bool SharedLayout::is_dynamic(const ptx::Variable& variable) {
  return variable.linkage == ptx::Linkage::kExtern && variable.byte_size() == 0;
}

}  // namespace cuda_shim::kernels::instructions
