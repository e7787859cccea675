#pragma once
// .texref, .surfref and .samplerref variables: what their declarations say (PTX ISA 5.3.1, "Texture
// and Surface Properties").

#include "kernels/program_outline.h"
#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels {

/// Of kind kNone for any other variable.
ReferenceOutline reference_of(const ptx::Variable& declaration);

}  // namespace cuda_shim::kernels
