// Miscellaneous instructions (PTX ISA 9.0, section 9.7.19), and those about the launch.

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// The thread's turn passes, which is all that waiting means here.
void nothing(Lane&) {}

constexpr Row kRows[] = {
    {"nanosleep.u32", nothing},
    {"pmevent", nothing},
    {"pmevent.mask", nothing},
    {"brkpt", nothing},
    {"griddepcontrol.launch_dependents|wait", nothing},
    {"setmaxnreg.inc|dec.sync.aligned.u32", nothing},
};

}  // namespace

Rows miscellaneous_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
