// The preload object's start: LD_PRELOAD brings it into the process, -z initfirst lets it run
// before any other constructor. That includes the C library's own, so the environment is handed to
// it here: it would get the same a moment later.

#include <unistd.h>

#include <cerrno>

#include "loader/loaded_objects.h"

namespace {

[[gnu::constructor]] void start(int, char** arguments, char** environment) {
  if (environ == nullptr) environ = environment;
  if (program_invocation_name == nullptr || *program_invocation_name == '\0')
    program_invocation_name = arguments[0];
  cuda_shim::loader::serve_loaded_objects();
  cuda_shim::loader::watch_for_objects();
}

}  // namespace
