#include "loader/process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace cuda_shim::testing {
namespace {

// A memory file takes any amount of output without anybody reading along. Unless it is appended to,
// writers at the same moment overwrite each other: Linux does not guard a memory file's position.
int make_file(const char* name) {
  const int file = ::memfd_create(name, MFD_CLOEXEC);
  ::fcntl(file, F_SETFL, O_APPEND);
  return file;
}

std::string contents(int file) {
  std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  ssize_t got = ::pread(file, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  ::close(file);
  return text;
}

[[noreturn]] void become(const std::vector<std::string>& command, const Environment& changes,
                         int output, int errors) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  for (const auto& [name, value] : changes) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Outcome run(const std::vector<std::string>& command, const Environment& changes) {
  int output = make_file("output"), errors = make_file("errors");
  pid_t child = ::fork();
  if (child == 0) become(command, changes, output, errors);
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.output = contents(output);
  outcome.errors = contents(errors);
  return outcome;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace cuda_shim::testing
