#pragma once
// The special registers of PTX (section 10 of the manual): %tid, %laneid, %clock64 ...

#include <string>
#include <string_view>
#include <vector>

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/shared_layout.h"

namespace cuda_shim::kernels::instructions {

/// Reads the register `name` ("%tid"; `component` x, y, z or w, or 0 for a plain one) as an i32 or
/// i64. Null if there is no such register or component.
llvm::Value* read_special_register(Lowering& lowering, SharedLayout& shared, std::string_view name,
                                   char component);

/// Whether the manual has a register of this name that read_special_register cannot read.
bool is_unsupported_special_register(std::string_view name);

/// One way to write each of the registers: "%tid.x", "%laneid", "%envreg0".
std::vector<std::string> special_register_names();

}  // namespace cuda_shim::kernels::instructions
