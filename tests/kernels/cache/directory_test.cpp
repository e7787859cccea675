#include "kernels/cache/directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "kernels/cache/temporary_folder.h"

namespace cuda_shim::kernels::cache {
namespace {

using support::Digest;
using testing::TemporaryFolder;

Digest name(std::uint64_t number) {
  return {number, number * 7919};
}

/// A file under its name, with so many bytes of contents that tell what it is.
std::string file_of(const Digest& key, std::size_t bytes = 100) {
  std::string contents(bytes, static_cast<char>('a' + key.high % 26));
  return write_file(EntryKind::kKernel, key, contents);
}

Directory open(const std::string& path, Access access = Access::kReadWrite) {
  Result<Directory> directory = Directory::open(path, access);
  if (!directory) throw std::runtime_error(std::string(directory.error().message()));
  return std::move(*directory);
}

std::string refusal(const std::string& path, Access access = Access::kReadWrite) {
  const Result<Directory> directory = Directory::open(path, access);
  return directory ? std::string() : std::string(directory.error().message());
}

class DirectoryTest : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  std::string path = folder / "cache";
  Directory directory = open(path);

  void overwrite(const Digest& file, std::size_t offset, char byte) {
    std::fstream stream(path + "/" + file.hex(), std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }
};

TEST_F(DirectoryTest, IsMadeForItsOwnerAlone) {
  struct stat facts = {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
}

TEST_F(DirectoryTest, IsMadeWithItsParents) {
  EXPECT_EQ(refusal(folder / "a/b/c"), "");
}

TEST_F(DirectoryTest, GivesBackWhatWasPublished) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  const auto read = directory.read(name(1));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, file_of(name(1)));
  EXPECT_FALSE(directory.read(name(2)));
}

TEST_F(DirectoryTest, PublishingTwiceIsNoError) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  EXPECT_TRUE(directory.publish(name(1), file_of(name(1))));
}

TEST_F(DirectoryTest, LeavesNothingElseBehind) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path)) ++files;
  EXPECT_EQ(files, 1u);
}

TEST_F(DirectoryTest, CountsUses) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(directory.read(name(1)));
  EXPECT_EQ(read_file(*directory.peek(name(1)))->header.hits, 3u);
}

TEST_F(DirectoryTest, DropsADamagedFile) {
  const std::string file = file_of(name(1));
  for (std::size_t place : {std::size_t{0}, offsetof(FileHeader, format), offsetof(FileHeader, key),
                            offsetof(FileHeader, checksum), file.size() - 1}) {
    ASSERT_TRUE(directory.publish(name(1), file));
    overwrite(name(1), place, '#');
    EXPECT_FALSE(directory.read(name(1))) << "byte " << place;
    EXPECT_FALSE(directory.peek(name(1))) << "byte " << place;
  }
}

TEST_F(DirectoryTest, DropsATruncatedFile) {
  const std::string file = file_of(name(1));
  for (std::size_t length :
       {std::size_t{0}, sizeof(FileHeader) - 1, sizeof(FileHeader), file.size() - 1}) {
    ASSERT_TRUE(directory.publish(name(1), file));
    std::filesystem::resize_file(path + "/" + name(1).hex(), length);
    EXPECT_FALSE(directory.read(name(1))) << length << " bytes";
  }
}

TEST_F(DirectoryTest, FindsAFileByAFurtherName) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  directory.link(name(1), name(2));
  EXPECT_EQ(directory.read(name(2)), file_of(name(1)));
  const auto files = directory.list();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].names.size(), 2u);
}

TEST_F(DirectoryTest, TrimmingKeepsTheFilesUsedLast) {
  const auto now = std::filesystem::file_time_type::clock::now();
  for (std::uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(directory.publish(name(i), file_of(name(i), 8000)));
    std::filesystem::last_write_time(path + "/" + name(i).hex(), now - std::chrono::minutes(9 - i));
  }
  directory.link(name(1), name(101));
  const std::uint64_t each = directory.list()[0].bytes;
  ASSERT_TRUE(directory.read(name(0)));
  EXPECT_EQ(directory.trim(2 * each), 2u);
  EXPECT_TRUE(directory.peek(name(0)));
  EXPECT_FALSE(directory.peek(name(1)));
  EXPECT_FALSE(directory.peek(name(101)));
  EXPECT_FALSE(directory.peek(name(2)));
  EXPECT_TRUE(directory.peek(name(3)));
}

TEST_F(DirectoryTest, TrimmingRemovesWhatDeadWritersLeft) {
  const std::string left = path + "/temporary-1-1";
  std::ofstream(left) << "half a file";
  directory.trim(1 << 20);
  EXPECT_TRUE(std::filesystem::exists(left)) << "its writer may live";
  std::filesystem::last_write_time(
      left, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  directory.trim(1 << 20);
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(DirectoryTest, TouchesNoFilesOfOthers) {
  std::ofstream(path + "/notes.txt") << "mine";
  directory.trim(0);
  EXPECT_TRUE(std::filesystem::exists(path + "/notes.txt"));
}

TEST_F(DirectoryTest, RefusesWhatEverybodyMayWriteTo) {
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  EXPECT_NE(refusal(path).find("everybody may write"), std::string::npos);
  EXPECT_NE(refusal(path, Access::kReadOnly).find("everybody may write"), std::string::npos);
}

TEST_F(DirectoryTest, RefusesWhatBelongsToSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "Only root can give a directory away.";
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_NE(refusal(path).find("belongs to user 12345"), std::string::npos);
}

TEST_F(DirectoryTest, RefusesWhatIsNoDirectory) {
  std::ofstream(folder / "file") << "";
  EXPECT_NE(refusal(folder / "file"), "");
}

TEST_F(DirectoryTest, ReadOnlyNeverWrites) {
  ASSERT_TRUE(directory.publish(name(1), file_of(name(1))));
  const Directory reader = open(path, Access::kReadOnly);
  ASSERT_TRUE(reader.read(name(1)));
  EXPECT_TRUE(reader.publish(name(2), file_of(name(2))));
  reader.link(name(1), name(3));
  reader.remove(name(1));
  EXPECT_EQ(reader.trim(0), 0u);
  EXPECT_EQ(read_file(*directory.peek(name(1)))->header.hits, 0u);
  EXPECT_EQ(directory.list().size(), 1u);
}

TEST_F(DirectoryTest, AFullDiskIsAnErrorThatSaysSo) {
  // A limit on the size of files is the nearest thing to a full disk that needs no privilege.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Status status = directory.publish(name(1), file_of(name(1), 100000));
    ::_exit(!status && status.message().find("File too large") != std::string_view::npos ? 0 : 1);
  }
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
  EXPECT_TRUE(directory.list().empty());
}

TEST_F(DirectoryTest, ALockKeepsOthersOut) {
  std::atomic<bool> first_done = false;  // the system's locks order nothing for a sanitizer
  std::thread other;
  {
    const KeyLock lock = directory.lock(name(1));
    other = std::thread([&] {
      const KeyLock second = directory.lock(name(1));
      EXPECT_TRUE(first_done);
    });
    const KeyLock elsewhere = directory.lock(name(2));
    first_done = true;
  }
  other.join();
}

TEST_F(DirectoryTest, TheLockOfIdleTimeIsRefusedWhileSomebodyHoldsEither) {
  EXPECT_FALSE(directory.is_locked_idle(name(1)));
  {
    const std::optional<KeyLock> idle = directory.try_lock_idle(name(1));
    ASSERT_TRUE(idle);
    EXPECT_TRUE(directory.is_locked_idle(name(1)));
    EXPECT_FALSE(directory.try_lock_idle(name(1)));
    EXPECT_TRUE(directory.try_lock_idle(name(2)));
    const KeyLock not_held_up = directory.lock(name(1));
  }
  EXPECT_FALSE(directory.is_locked_idle(name(1)));
  const KeyLock lock = directory.lock(name(1));
  EXPECT_FALSE(directory.is_locked_idle(name(1)));
  EXPECT_FALSE(directory.try_lock_idle(name(1)));
}

TEST_F(DirectoryTest, ALockIsGivenBackThoughAChildWasForkedMeanwhile) {
  pid_t child = 0;
  {
    const KeyLock lock = directory.lock(name(1));
    child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  const KeyLock again = directory.lock(name(1));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

/// Publishes, links, reads and trims as fast as it can until it is killed.
[[noreturn]] void write_forever(const Directory& directory, unsigned seed) {
  std::minstd_rand random(seed);
  for (;;) {
    const Digest key = name(random() % 50);
    const KeyLock lock = directory.lock(key);
    static_cast<void>(directory.publish(key, file_of(key, 1000 + random() % 100000)));
    directory.link(key, name(1000 + random() % 50));
    if (random() % 8 == 0) directory.trim(1 << 20);
    if (random() % 4 == 0) directory.remove(key);
  }
}

TEST_F(DirectoryTest, AThousandWritersKilledAtAnyMomentLeaveOnlyWholeFilesAndNoLock) {
  std::minstd_rand random(1);
  for (unsigned round = 0; round < 250; ++round) {
    pid_t writers[4];
    for (pid_t& writer : writers) {
      writer = ::fork();
      if (writer == 0) write_forever(directory, random());
      random();
    }
    ::usleep(random() % 4000);
    for (const pid_t writer : writers) ::kill(writer, SIGKILL);
    for (const pid_t writer : writers) ::waitpid(writer, nullptr, 0);
    for (const Directory::Listed& file : directory.list())
      for (const std::string& listed : file.names) {
        const auto bytes = directory.peek(*Digest::from_hex(listed));
        ASSERT_TRUE(bytes && read_file(*bytes)) << listed;
      }
  }
  for (std::uint64_t i = 0; i < 50; ++i) const KeyLock lock = directory.lock(name(i));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path)) ++files;
  EXPECT_LE(files, 101u);  // 50 names, 50 further ones and the file of locks
  const std::size_t listed = directory.list().size();
  EXPECT_EQ(directory.trim(0), listed);
  EXPECT_TRUE(directory.list().empty());
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
