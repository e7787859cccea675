#pragma once
// The objects of this process: serves each that holds one of NVIDIA's runtimes, once, before its
// constructors run.

namespace cuda_shim::loader {

/// Looks at the objects that came since the last call, and forgets those that went. The caller
/// holds the dynamic linker's lock or is alone.
void serve_loaded_objects();

/// Has the dynamic linker call serve_loaded_objects whenever it has mapped objects, before it runs
/// their constructors.
void watch_for_objects();

}  // namespace cuda_shim::loader
