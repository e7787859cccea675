#include "launcher/program.h"

#include <elf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/elf_file.h"

namespace cuda_shim::launcher {
namespace {

bool is_regular_file(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string search_path(const std::string& name) {
  const char* folders = std::getenv("PATH");
  std::istringstream list(folders ? folders : "/usr/bin:/bin");
  for (std::string folder; std::getline(list, folder, ':');) {
    std::string path = (folder.empty() ? "." : folder) + "/" + name;
    if (is_regular_file(path) && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// The words of a script's first line behind "#!"; none if it is not a script.
std::vector<std::string> script_line(const std::string& path) {
  constexpr std::size_t kKernelLimit = 256;
  std::ifstream file(path, std::ios::binary);
  std::string line(kKernelLimit, '\0');
  file.read(line.data(), kKernelLimit);
  line.resize(static_cast<std::size_t>(file.gcount()));
  if (!line.starts_with("#!")) return {};
  std::istringstream words(line.substr(2, line.find('\n') - 2));
  return {std::istream_iterator<std::string>(words), {}};
}

// Follows scripts to the ELF file that will run; scripts may name scripts, up to the kernel's
// depth.
std::string executable_of(std::string path) {
  constexpr int kKernelDepth = 5;
  for (int depth = 0; depth < kKernelDepth; ++depth) {
    std::vector<std::string> words = script_line(path);
    if (words.empty()) return path;
    bool by_env = words[0].ends_with("/env");
    auto name =
        std::find_if(words.begin() + (by_env ? 1 : 0), words.end(), [&](const std::string& w) {
          return !by_env || (!w.starts_with("-") && w.find('=') == std::string::npos);
        });
    if (name == words.end()) return path;
    path = by_env ? search_path(*name) : *name;
  }
  return path;
}

struct Machine {
  std::uint16_t id;
  const char* name;
};
constexpr Machine kMachines[] = {{EM_X86_64, "x86-64"}, {EM_AARCH64, "AArch64"},
                                 {EM_PPC64, "POWER"},   {EM_RISCV, "RISC-V"},
                                 {EM_S390, "S/390"},    {EM_386, "x86"}};
#if defined(__x86_64__)
constexpr std::uint16_t kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kThisMachine = EM_AARCH64;
#endif

std::string machine_name(std::uint16_t id) {
  for (const Machine& machine : kMachines)
    if (machine.id == id) return machine.name;
  return fmt::format("machine {}", id);
}

Status refuse(std::string sentence) {
  return {StatusCode::kNotSupported, std::move(sentence)};
}

// The kernel then starts it in secure mode, in which the dynamic linker drops LD_PRELOAD.
bool runs_privileged(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return false;
  if ((status.st_mode & S_ISUID) && status.st_uid != ::getuid()) return true;
  if ((status.st_mode & S_ISGID) && status.st_gid != ::getgid()) return true;
  return ::getuid() != 0 && ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

}  // namespace

Result<FoundProgram> find_program(const std::string& name) {
  bool is_path = name.find('/') != std::string::npos;
  std::string path = is_path ? name : search_path(name);
  if (path.empty() || ::access(path.c_str(), F_OK) != 0)
    return error(StatusCode::kFileNotFound,
                 is_path ? fmt::format("There is no file '{}'.", name)
                         : fmt::format("There is no program '{}' in PATH.", name));
  if (!is_regular_file(path) || ::access(path.c_str(), X_OK) != 0)
    return error(StatusCode::kNotPermitted, fmt::format("'{}' is not an executable file.", path));
  return FoundProgram{path, executable_of(path)};
}

Status check_program(const FoundProgram& program) {
  const std::string& path = program.executable;
  if (path.empty())
    return {StatusCode::kFileNotFound,
            fmt::format("The interpreter that the script '{}' names was not found.", program.path)};
  Result<loader::ElfFile> file = loader::ElfFile::open(path.c_str());
  if (!file) return std::move(file.error());
  if (file->header().e_machine != kThisMachine)
    return refuse(fmt::format("'{}' is a program for {}, and this cuda_shim is for {}.", path,
                              machine_name(file->header().e_machine), machine_name(kThisMachine)));
  if (file->interpreter().empty())
    return refuse(
        fmt::format("'{}' is linked statically as a whole, so no library can be put into it; "
                    "link it without -static.",
                    path));
  if (runs_privileged(path))
    return refuse(
        fmt::format("'{}' runs with other rights than yours (set-user-ID or capabilities), and the "
                    "system lets no library into such a program.",
                    path));
  return {};
}

}  // namespace cuda_shim::launcher
