#include "kernels/cache/entry.h"

#include <gtest/gtest.h>

#include "kernels/cache/archive.h"
#include "kernels/cache/build_id.h"
#include "kernels/cache/temporary_folder.h"

namespace cuda_shim::kernels::cache {
namespace {

KernelEntry example() {
  KernelEntry entry;
  entry.code.kernel = "k";
  entry.code.entry = "ptx.k";
  entry.code.format = CUDA_SHIM_CODE_HOST_ELF;
  entry.code.bytes = {std::byte{1}, std::byte{0}, std::byte{255}};
  entry.code.info.local_bytes = 17;
  entry.code.info.required_block[2] = 3;
  entry.application = "app";
  entry.created = 1'700'000'000;
  entry.compile_microseconds = 12345;
  return entry;
}

TEST(Entry, ReadsAsItWasWritten) {
  const auto read = decode_kernel(encode(example()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code.kernel, "k");
  EXPECT_EQ(read->code.entry, "ptx.k");
  EXPECT_EQ(read->code.format, example().code.format);
  EXPECT_EQ(read->code.bytes, example().code.bytes);
  EXPECT_EQ(read->code.info.local_bytes, 17u);
  EXPECT_EQ(read->code.info.required_block[2], 3u);
  EXPECT_EQ(read->application, "app");
  EXPECT_EQ(read->created, example().created);
  EXPECT_EQ(read->compile_microseconds, 12345u);
}

TEST(Entry, IsNotReadIfAnythingIsMissingOrLeftOver) {
  const std::string whole = encode(example());
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(decode_kernel(whole.substr(0, length))) << length << " bytes";
  EXPECT_FALSE(decode_kernel(whole + "x"));
}

TEST(Entry, AFileOfAnotherFormatIsNotRead) {
  std::string file = write_file(EntryKind::kKernel, {1, 2}, "contents");
  ASSERT_TRUE(read_file(file));
  file[offsetof(FileHeader, format)] = static_cast<char>(kFormat + 1);
  EXPECT_FALSE(read_file(file));
}

TEST(BuildId, TellsLibrariesApartByTheirContentsAndNotTheirPaths) {
  const testing::TemporaryFolder folder;
  std::filesystem::copy_file(TEST_LIBRARY, folder / "renamed");
  const auto one = identify_library(TEST_LIBRARY), copy = identify_library(folder / "renamed"),
             other = identify_library(OTHER_LIBRARY);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one, copy);
  EXPECT_NE(one, other);
  EXPECT_FALSE(identify_library(folder / "nothing"));
}

class ArchiveTest : public ::testing::Test {
 protected:
  Directory directory(const std::string& name) {
    return std::move(*Directory::open(folder / name, Access::kReadWrite));
  }
  testing::TemporaryFolder folder;
};

TEST_F(ArchiveTest, CarriesFilesWithAllTheirNames) {
  const Directory from = directory("from"), to = directory("to");
  ASSERT_TRUE(from.publish({1, 1}, write_file(EntryKind::kKernel, {1, 1}, "one")));
  ASSERT_TRUE(from.publish({2, 2}, write_file(EntryKind::kProgram, {2, 2}, "two")));
  from.link({1, 1}, {3, 3});
  ASSERT_TRUE(read_archive(write_archive(from), to));
  EXPECT_EQ(to.list().size(), 2u);
  EXPECT_EQ(to.peek({3, 3}), from.peek({1, 1}));
  EXPECT_EQ(to.peek({2, 2}), from.peek({2, 2}));
}

TEST_F(ArchiveTest, RefusesDamage) {
  const Directory from = directory("from"), to = directory("to");
  ASSERT_TRUE(from.publish({1, 1}, write_file(EntryKind::kKernel, {1, 1}, "one")));
  const std::string archive = write_archive(from);
  EXPECT_FALSE(read_archive("something else", to));
  EXPECT_FALSE(read_archive(archive.substr(0, archive.size() - 1), to));
  std::string changed = archive;
  changed.back() ^= 1;
  EXPECT_FALSE(read_archive(changed, to));
  EXPECT_TRUE(to.list().empty());
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
