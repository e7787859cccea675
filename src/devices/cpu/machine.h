#pragma once
// What this machine is: the facts behind the device's properties and the translator's target.

#include <cstdint>
#include <string>

#include "cuda_shim/device.h"

namespace cuda_shim::devices::cpu {

struct Machine {
  std::string name;         ///< of the processor
  std::uint64_t memory;     ///< bytes, no more than the control group allows
  std::uint32_t cores;      ///< that this process may use
  std::uint32_t clock_khz;  ///< rate of cuda_shim_host_clock
  std::uint32_t l2_bytes;   ///< last-level cache
};

/// Found out on the first call.
const Machine& machine();

/// Bytes that could be allocated now without swapping, as the system estimates; UINT64_MAX if it
/// does not say.
std::uint64_t available_memory();

/// Triple, processor level and features of this machine, so that two machines with equal answers
/// can share code.
void describe_target(cuda_shim_target* target);

}  // namespace cuda_shim::devices::cpu
