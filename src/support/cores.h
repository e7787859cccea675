#pragma once
// How many cores the process has.

namespace cuda_shim::support {

/// Cores that it may run on; at least 1.
unsigned usable_cores();
/// Cores' worth of time that its control groups grant it, rounded down but at least 1; no more than
/// usable_cores(). A container's limit is one of time: threads beyond it hold up all others.
unsigned granted_cores();

}  // namespace cuda_shim::support
