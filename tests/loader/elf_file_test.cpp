// The reader meets whatever lies on the disk: damage must read as absence.

#include "loader/elf_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "loader/held_runtime.h"

namespace cuda_shim::loader {
namespace {

const std::string kProgram = std::string(PROGRAMS) + "/lookalike_v13.so";

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class DamagedFile : public ::testing::Test {
 protected:
  void SetUp() override { path_ = ::testing::TempDir() + "elf" + std::to_string(::getpid()); }
  void TearDown() override { ::unlink(path_.c_str()); }

  // Reads everything that can be read; the number of functions found.
  std::size_t read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    auto file = ElfFile::open(path_.c_str());
    if (!file) return 0;
    file->interpreter();
    file->dynamic_strings(DT_NEEDED);
    file->bytes_at(~0ull, ~0ull);
    has_device_code(*file);
    return file->exported_functions().size() + find_held_runtime(*file).functions.size();
  }

  std::string path_;
};

TEST_F(DamagedFile, EveryTruncationIsReadWithoutHarm) {
  std::string whole = bytes_of(kProgram);
  std::size_t all = read(whole);
  ASSERT_GT(all, 0u);
  for (std::size_t size = 0; size < whole.size(); size += 211)
    EXPECT_LE(read(whole.substr(0, size)), all) << size << " bytes";
}

TEST_F(DamagedFile, RandomBytesInTheTablesAreReadWithoutHarm) {
  std::string whole = bytes_of(kProgram);
  std::mt19937 random(7);
  auto header = *reinterpret_cast<const Elf64_Ehdr*>(whole.data());
  for (int round = 0; round < 500; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 8; ++i) {
      // Half of the damage in the headers, half in the section table.
      std::size_t start = i % 2 == 0 ? 16 : header.e_shoff;
      damaged[std::min(start + random() % 512, damaged.size() - 1)] = static_cast<char>(random());
    }
    std::size_t found = read(damaged);
    EXPECT_LT(found, whole.size());
  }
}

TEST(ElfFile, ATextFileIsNotAnElfFile) {
  auto file = ElfFile::open("/proc/self/status");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), StatusCode::kInvalidImage);
}

TEST(ElfFile, AMissingFileIsReportedByName) {
  auto file = ElfFile::open("/nowhere/at/all");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), StatusCode::kFileNotFound);
  EXPECT_NE(file.error().message().find("/nowhere/at/all"), std::string_view::npos);
}

TEST(ElfFile, FunctionsComeWithAddressAndSize) {
  auto file = ElfFile::open(kProgram.c_str());
  ASSERT_TRUE(file);
  auto functions = file->functions();
  auto found = std::ranges::find(functions, "cudaGetExportTable", &ElfFunction::name);
  ASSERT_NE(found, functions.end());
  EXPECT_GT(found->address, 0u);
  EXPECT_GT(found->size, 0u);
}

}  // namespace
}  // namespace cuda_shim::loader
