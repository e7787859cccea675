#pragma once
// ELF images: cubins, which hold machine code only, and host objects, executables and libraries,
// which carry fatbins in sections.

#include <optional>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/image/bytes.h"

namespace cuda_shim::kernels::image {

inline constexpr std::string_view kElfMagic = "\177ELF";

/// The architecture of a cubin (75), read from the header alone. Empty for any other ELF;
/// kInvalidImage if the header is incomplete.
Result<std::optional<unsigned>> cubin_architecture(Bytes image);

/// How much memory the ELF at `image` takes, from its headers; of a cubin, the header alone.
/// kInvalidImage if they contradict themselves.
Result<Bytes> elf_extent(const void* image);

/// The sections of a host ELF with fatbins: first linked code (.nv_fatbin), then units to be linked
/// (__nv_relfatbin).
Result<std::vector<Bytes>> fatbin_sections(Bytes image);

}  // namespace cuda_shim::kernels::image
