#pragma once
// The words of PTX for state spaces and linkages: one list for the parser and the printer.

#include <optional>
#include <string_view>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {

std::string_view spelling_of(StateSpace space);  ///< "global"; empty for the generic space
std::string_view spelling_of(Linkage linkage);   ///< "visible"; empty for none
std::optional<StateSpace> space_from_spelling(std::string_view word);
std::optional<Linkage> linkage_from_spelling(std::string_view word);

}  // namespace cuda_shim::kernels::ptx
