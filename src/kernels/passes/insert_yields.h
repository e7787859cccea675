#pragma once
// Makes loops that wait for memory to change give way to other threads.
//
// Where threads are fibers, a spin loop would keep the thread it waits for from running. A loop
// waits if what decides about leaving it depends on a volatile or atomic access in the loop (or, in
// a loop with a fence or nanosleep, on any load). The back edges of such a loop call the device
// operation `yield`. A compare-and-swap loop that retries with the value it has just seen is not
// one: it fails only because another thread has succeeded.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::passes {

/// Expects registers in SSA form. Returns the number of loops changed.
unsigned insert_yields(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
