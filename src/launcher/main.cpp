// cuda-shim: runs CUDA programs on this machine's devices, and tells what it would do.

#include "launcher/commands.h"

int main(int count, char** arguments) {
  using namespace cuda_shim::launcher;
  CLI::App app("Runs unmodified CUDA programs where there is no NVIDIA GPU.", "cuda-shim");
  app.require_subcommand(1);
  std::size_t own = find_program_words({arguments, static_cast<std::size_t>(count)});
  std::vector<std::string> program(arguments + own, arguments + count);
  int exit_code = 0;
  add_run(app, program, exit_code);
  add_info(app, exit_code);
  add_cache(app, exit_code);
  add_precompile(app, exit_code);
  add_options(app, exit_code);
  add_version(app, exit_code);
  CLI11_PARSE(app, static_cast<int>(own), arguments);
  return exit_code;
}
