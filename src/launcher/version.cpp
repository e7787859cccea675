// cuda-shim version

#include "cuda_shim/version.h"

#include <fmt/format.h>

#include <cstdio>

#include "launcher/commands.h"

namespace cuda_shim::launcher {

void add_version(CLI::App& app, int&) {
  app.add_subcommand("version", "Print the version of cuda_shim")->callback([] {
    fmt::print("cuda_shim {}\n", CUDA_SHIM_VERSION_STRING);
  });
}

}  // namespace cuda_shim::launcher
