#pragma once
// What an ELF file says of itself to those who load it.

#include <elf.h>

#include <vector>

#include "kernels/cache/file.h"

namespace cuda_shim::kernels::cache {

/// The program headers; empty if it is no ELF file of 64 bits.
std::vector<Elf64_Phdr> read_segments(const File& file);

}  // namespace cuda_shim::kernels::cache
