#pragma once
// `.loc`, `.file` and `.section`: what debuggers read. They are checked and left out of the tree.

#include "kernels/ptx/cursor.h"

namespace cuda_shim::kernels::ptx {

/// Each reads the rest after the directive's word.
void skip_loc(Cursor& cursor);
void skip_file(Cursor& cursor);
void skip_section(Cursor& cursor);

}  // namespace cuda_shim::kernels::ptx
