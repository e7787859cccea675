// Miscellaneous Instructions (PTX ISA 9.0, section 9.7.19): trap, brkpt, pmevent, nanosleep,
// setmaxnreg.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

Status lower_trap(Lowering& lowering) {
  const auto code = static_cast<std::uint32_t>(StatusCode::kLaunchFailed);
  lowering.device_op(DeviceOp::trap, {lowering.ir().getInt32(code)});
  lowering.ir().CreateUnreachable();
  return {};
}

Status lower_nanosleep(Lowering& lowering) {
  lowering.device_op(DeviceOp::nanosleep, {lowering.value(0, ptx::ScalarType::kU32)});
  return {};
}

// Hints to hardware, a profiler or a debugger: without them the program means the same.
Status lower_nothing(Lowering&) {
  return {};
}

constexpr Row kRows[] = {
    {"trap", lower_trap},
    {"brkpt", lower_nothing},
    {"pmevent a", lower_nothing},
    {"pmevent.mask a", lower_nothing},
    {"nanosleep.u32 a", lower_nanosleep},
};

}  // namespace

std::span<const Row> miscellaneous_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
