#include "ptx/fuzz/seeds.h"

#include <filesystem>
#include <fstream>
#include <set>

namespace cuda_shim::tests::fuzz {
namespace {

/// The longest generated tests repeat a few lines a hundred times.
constexpr std::size_t kLongestSeed = 1 << 14;

std::string without_comments(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text;
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with("//")) text += line + "\n";
  return text;
}

}  // namespace

std::vector<std::string> read_seeds(const std::vector<std::string>& folders) {
  std::vector<std::string> seeds;
  for (const std::string& folder : folders) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".ptx") files.insert(entry.path());
    for (const std::filesystem::path& file : files)
      if (std::string text = without_comments(file); text.size() <= kLongestSeed)
        seeds.push_back(std::move(text));
  }
  return seeds;
}

}  // namespace cuda_shim::tests::fuzz
