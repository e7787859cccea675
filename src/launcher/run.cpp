// cuda-shim run: sets the environment and becomes the program, so that exit code, signals and
// terminal are the program's own.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/commands.h"
#include "launcher/environment.h"
#include "launcher/program.h"
#include "support/options.h"

namespace cuda_shim::launcher {
namespace {

using Variables = std::map<std::string, std::string>;

int fail(int exit_code, std::string_view sentence) {
  fmt::print(stderr, "cuda-shim: {}\n", sentence);
  return exit_code;
}

int exit_code_of(const Status& status) {
  return status.code() == StatusCode::kFileNotFound ? kNotFound : kNotExecutable;
}

int become(const std::string& path, std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  return fail(kNotExecutable, fmt::format("Cannot run '{}': {}.", path, std::strerror(errno)));
}

int run(std::vector<std::string>& command, const Variables& variables) {
  if (!command.empty() && command.front() == "--") command.erase(command.begin());
  if (command.empty()) return fail(kNotFound, "No program was given: cuda-shim run ./app.");
  Result<FoundProgram> program = find_program(command.front());
  if (!program) return fail(exit_code_of(program.error()), program.error().message());
  if (Status status = check_program(*program); !status.ok())
    return fail(exit_code_of(status), status.message());
  auto environment = environment_for(find_installation());
  if (!environment) return fail(kNotExecutable, environment.error().message());
  for (const auto& [name, value] : *environment) ::setenv(name.c_str(), value.c_str(), 1);
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  return become(program->path, command);
}

// CPU_THREADS -> --cpu-threads
std::string flag_of(const support::OptionRow& row) {
  std::string flag = "--";
  for (char c : row.name) flag += c == '_' ? '-' : static_cast<char>(std::tolower(c));
  return flag;
}

bool is_flag(const support::OptionRow& row) {
  return row.type == "Flag";
}

// --verify needs no value; --verify=0 has one.
bool takes_next(std::string_view word) {
  if (word == "-h" || word == "--help" || word.find('=') != word.npos) return false;
  return !std::ranges::any_of(support::option_rows(), [word](const support::OptionRow& row) {
    return is_flag(row) && flag_of(row) == word;
  });
}

}  // namespace

std::size_t find_program_words(std::span<const char* const> words) {
  if (words.size() < 2 || std::string_view(words[1]) != "run") return words.size();
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--" || !word.starts_with("-")) return i;
    if (takes_next(word)) ++i;
  }
  return words.size();
}

void add_run(CLI::App& app, std::vector<std::string>& program, int& exit_code) {
  auto variables = std::make_shared<Variables>();
  CLI::App* command = app.add_subcommand("run", "Run a program: cuda-shim run ./app arguments...");
  command->footer("Usage: cuda-shim run [OPTIONS] [--] PROGRAM [ARGUMENTS...]");
  for (const support::OptionRow& row : support::option_rows()) {
    CLI::Option* option = command->add_option_function<std::string>(
        flag_of(row),
        [variables, variable = row.variable](const std::string& value) {
          (*variables)[variable] = value;
        },
        std::string(row.sentence));
    if (is_flag(row)) option->expected(0, 1)->default_str("1");
  }
  command->callback([&program, variables, &exit_code] { exit_code = run(program, *variables); });
}

}  // namespace cuda_shim::launcher
