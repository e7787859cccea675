#pragma once
// The one template of the generator.

#include <fmt/format.h>

#include "ptx/structured/generator.h"

namespace cuda_shim::tests::structured {

template <class... Arguments>
void Generator::line(std::string_view format, const Arguments&... arguments) {
  text_ += "  ";
  text_ += fmt::format(fmt::runtime(format), arguments...);
  text_ += '\n';
}

}  // namespace cuda_shim::tests::structured
