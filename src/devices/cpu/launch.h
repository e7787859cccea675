#pragma once
// Runs one launch to its end.

#include "devices/cpu/queue.h"

namespace cuda_shim::devices::cpu {

/// Runs the grid on this worker and, where it pays, on others. A fault is recorded in the instance.
void run_launch(Instance& instance, const Command::Launch& launch, Worker& worker);

}  // namespace cuda_shim::devices::cpu
