#include "launcher/needed_libraries.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "loader/elf_file.h"

extern char** environ;

namespace cuda_shim::launcher {
namespace {

std::vector<std::string> with_environment(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text(*entry);
    bool changed = false;
    for (const auto& change : changes)
      changed |=
          text.starts_with(change.first) && text.substr(change.first.size()).starts_with("=");
    if (!changed) all.emplace_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t got; (got = ::read(file, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  return text;
}

// Standard output and error of the command, and its exit code.
Result<std::pair<std::string, int>> capture(std::vector<std::string> command,
                                            std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return error(StatusCode::kOperatingSystem, fmt::format("No pipe: {}.", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = 0;
  int failed = ::posix_spawn(&child, command[0].c_str(), &actions, nullptr,
                             pointers(command).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output = failed == 0 ? read_all(ends[0]) : std::string();
  ::close(ends[0]);
  if (failed != 0)
    return error(StatusCode::kOperatingSystem,
                 fmt::format("Cannot start '{}': {}.", command[0], std::strerror(failed)));
  int status = 0;
  ::waitpid(child, &status, 0);
  return std::pair(output, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

std::string_view trimmed(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<NeededLibrary> parse_line(std::string_view line) {
  constexpr std::string_view kArrow = " => ";
  std::size_t arrow = line.find(kArrow);
  std::string_view name = trimmed(line.substr(0, arrow));
  // Without an arrow: "path (address)", a library needed by its path.
  std::string_view rest =
      arrow == std::string_view::npos ? name : line.substr(arrow + kArrow.size());
  std::size_t address = rest.rfind(" (0x");
  if (address == std::string_view::npos) {
    if (trimmed(rest) != "not found" || arrow == std::string_view::npos) return std::nullopt;
    return NeededLibrary{std::string(name), ""};
  }
  std::string path(trimmed(rest.substr(0, address)));
  if (arrow != std::string_view::npos) return NeededLibrary{std::string(name), path};
  if (path.find('/') == std::string::npos) return std::nullopt;  // the kernel's own object
  return NeededLibrary{path, path};
}

}  // namespace

std::vector<NeededLibrary> parse_listing(std::string_view listing) {
  std::vector<NeededLibrary> libraries;
  while (!listing.empty()) {
    std::size_t end = listing.find('\n');
    if (auto library = parse_line(listing.substr(0, end))) libraries.push_back(std::move(*library));
    listing.remove_prefix(end == std::string_view::npos ? listing.size() : end + 1);
  }
  return libraries;
}

Result<std::vector<NeededLibrary>> list_needed_libraries(
    const std::string& executable,
    const std::vector<std::pair<std::string, std::string>>& environment) {
  auto file = loader::ElfFile::open(executable.c_str());
  if (!file) return error(std::move(file.error()));
  std::string linker(file->interpreter());
  if (linker.empty()) return std::vector<NeededLibrary>();
  auto changed = with_environment(environment);
  changed.push_back("LD_TRACE_LOADED_OBJECTS=1");
  auto answer = capture({linker, executable}, std::move(changed));
  if (!answer) return error(std::move(answer.error()));
  auto& [listing, exit_code] = *answer;
  std::vector<NeededLibrary> libraries = parse_listing(listing);
  if (libraries.empty() && exit_code != 0)
    return error(StatusCode::kOperatingSystem,
                 fmt::format("The dynamic linker refuses '{}': {}", executable, trimmed(listing)));
  return libraries;
}

}  // namespace cuda_shim::launcher
