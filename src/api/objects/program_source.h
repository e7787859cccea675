#pragma once
// From what an application hands over to a Program: images as the kernels layer knows them, files,
// and the images that cuLinkComplete made.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/objects/device.h"
#include "cuda_shim/status.h"
#include "kernels/program_image.h"

namespace cuda_shim::objects {

using ProgramPointer = std::shared_ptr<const kernels::ProgramImage>;

/// Opens an image for the device. Without a size, the image's own headers (or the end of the PTX
/// text) bound it.
Result<ProgramPointer> open_program(const Device& device, const void* image,
                                    std::optional<std::size_t> bytes, std::string_view name);
/// The whole file; kFileNotFound if it cannot be read.
Result<std::string> read_file(const char* path);
Result<ProgramPointer> open_program_file(const Device& device, const char* path);

/// Checks every kernel: the faults found, one a line. kInvalidPtx only if no kernel is usable.
Status verify_program(const kernels::ProgramImage& program, std::string* faults);

/// Whether an image is PTX text, which is checked when it is loaded.
bool is_text(const void* image);

// --- Linked images: PTX units that were given to cuLinkAddData, in one block of bytes that
// open_program reads.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;
std::string write_linked_image(const NamedTexts& units);

}  // namespace cuda_shim::objects
