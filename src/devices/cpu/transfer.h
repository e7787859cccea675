#pragma once
// Copies and fills. Addresses come from the application: one that is not there becomes a fault of
// the instance.

#include "cuda_shim/device.h"
#include "devices/cpu/instance.h"
#include "devices/cpu/worker.h"

namespace cuda_shim::devices::cpu {

void run_copy(Instance& instance, const cuda_shim_copy& copy, Worker& worker);
void run_fill(Instance& instance, const cuda_shim_fill& fill, Worker& worker);

}  // namespace cuda_shim::devices::cpu
