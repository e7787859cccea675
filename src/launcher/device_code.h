#pragma once
// What the fatbins in a file hold.

#include <set>
#include <string>

#include "loader/elf_file.h"

namespace cuda_shim::launcher {

struct DeviceCode {
  bool present = false;             ///< the file has sections for device code
  std::set<unsigned> ptx;           ///< compute capabilities (75) that it has PTX for
  std::set<unsigned> machine_code;  ///< ... and machine code
  std::string damage;               ///< why the rest could not be read; empty if all could
};

DeviceCode find_device_code(const loader::ElfFile& file);

}  // namespace cuda_shim::launcher
