#pragma once
// The subcommands of cuda-shim. Each adds itself to the command line and stores its exit code when
// it has run.

#include <CLI/CLI.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace cuda_shim::launcher {

/// Exit codes as shells use them for a program that could not be started.
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;

/// Index of the first word that belongs to the program in `cuda-shim run [options] [--] program
/// arguments...`; the count of all words if it is another command. Nothing from there on may be
/// taken for an option of ours.
std::size_t find_program_words(std::span<const char* const> words);

/// `program`: the words from there on; it outlives `app`.
void add_run(CLI::App& app, std::vector<std::string>& program, int& exit_code);
void add_info(CLI::App& app, int& exit_code);
void add_cache(CLI::App& app, int& exit_code);
void add_precompile(CLI::App& app, int& exit_code);
void add_options(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

}  // namespace cuda_shim::launcher
