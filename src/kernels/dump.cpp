// Writes stages of a translation to files.

#include "kernels/dump.h"

#include <filesystem>
#include <fstream>

#include "support/log.h"
#include "support/options.h"

namespace cuda_shim::kernels {
namespace {

constexpr size_t kMaxNameLength = 200;

// Mangled names may be longer than a file name can be; the end tells template instances apart, so
// both ends are kept.
std::string file_name(std::string_view kernel) {
  std::string name(kernel);
  for (char& c : name)
    if (c == '/') c = '_';
  if (name.size() <= kMaxNameLength) return name;
  const size_t hash = std::hash<std::string_view>()(kernel);
  return fmt::format("{}~{:016x}", name.substr(0, kMaxNameLength), hash);
}

}  // namespace

Dump::Dump(std::string_view kernel) {
  const std::string_view option = support::option_text(support::Option::DUMP);
  const size_t colon = option.find(':');
  if (colon == option.npos) return;
  stages_ = fmt::format(",{},", option.substr(0, colon));
  folder_ = option.substr(colon + 1);
  kernel_ = file_name(kernel);
}

bool Dump::wants(std::string_view stage) const {
  return !stages_.empty() && stages_.find(fmt::format(",{},", stage)) != stages_.npos;
}

void Dump::write(std::string_view suffix, std::string_view text) const {
  std::error_code ignored;
  std::filesystem::create_directories(folder_, ignored);
  const std::string path = fmt::format("{}/{}.{}", folder_, kernel_, suffix);
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush())
    CUDA_SHIM_LOG(kWarning, "The file '{}' of CUDA_SHIM_DUMP cannot be written.", path);
}

}  // namespace cuda_shim::kernels
