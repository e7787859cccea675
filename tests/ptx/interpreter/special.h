#pragma once
// Special registers (PTX ISA 9.0, chapter 10).

#include <string_view>

#include "ptx/interpreter/number.h"

namespace cuda_shim::tests::interpreter {

class Lane;

struct Special {
  std::string_view name;
  Bits (*read)(const Lane& lane, unsigned component);
};

/// Null if there is none of this name.
const Special* find_special(std::string_view name);

}  // namespace cuda_shim::tests::interpreter
