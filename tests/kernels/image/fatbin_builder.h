#pragma once
// Writes fatbins of shapes that the toolkit at hand does not write: those of older toolkits, and
// broken ones.

#include <cstdint>
#include <string>
#include <string_view>

namespace cuda_shim::kernels::image {

/// One entry as it will stand in the container.
struct EntryPlan {
  std::uint16_t kind = 1;
  std::uint16_t version = 0x101;
  std::uint32_t compute = 75;
  std::uint64_t flags = 0x11;
  std::string payload;
  std::uint32_t compressed_size = 0;
  std::uint64_t raw_size = 0;
  std::string header_tail =
      std::string(8, '\0');  ///< after the fixed part of 64 bytes: options and identifier
  std::uint32_t name_offset = 0, name_size = 0;
};

std::string build_entry(const EntryPlan& plan);
/// A container around entries.
std::string build_fatbin(std::string_view entries);

/// A plan for PTX that is compressed as the flags' bit says; `raw_size` and `compressed_size` are
/// right.
EntryPlan plain_plan(std::string_view ptx);
EntryPlan lz4_plan(std::string_view ptx);
EntryPlan zstd_plan(std::string_view ptx);
EntryPlan zlib_plan(std::string_view ptx);

}  // namespace cuda_shim::kernels::image
