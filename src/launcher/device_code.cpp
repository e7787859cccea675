#include "launcher/device_code.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "kernels/image/fatbin.h"
#include "loader/held_runtime.h"

namespace cuda_shim::launcher {
namespace {

using kernels::image::Entry;

void add_entry(const Entry& entry, DeviceCode& code) {
  if (entry.kind == kernels::image::kPtxEntry) code.ptx.insert(entry.compute);
  if (entry.kind == kernels::image::kMachineCodeEntry) code.machine_code.insert(entry.compute);
}

// Containers lie back to back, padded with zeros.
void add_section(std::string_view section, DeviceCode& code) {
  std::size_t at = 0;
  while (at + sizeof(std::uint32_t) <= section.size()) {
    std::uint32_t magic = 0;
    std::memcpy(&magic, section.data() + at, sizeof(magic));
    if (magic == 0) {
      at += sizeof(magic);
      continue;
    }
    std::string_view rest = section.substr(at);
    auto fatbin = kernels::image::parse_fatbin({rest.data(), rest.size()});
    if (!fatbin) {
      code.damage = fatbin.error().message();
      return;
    }
    std::ranges::for_each(fatbin->entries, [&](const Entry& entry) { add_entry(entry, code); });
    at += fatbin->size;
  }
}

}  // namespace

DeviceCode find_device_code(const loader::ElfFile& file) {
  DeviceCode code;
  code.present = loader::has_device_code(file);
  for (std::string_view name : {".nv_fatbin", "__nv_relfatbin"})
    add_section(file.section_bytes(name), code);
  return code;
}

}  // namespace cuda_shim::launcher
