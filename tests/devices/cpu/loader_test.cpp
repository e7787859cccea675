// Loading of relocatable objects, good and damaged.

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "devices/cpu/cpu_device.h"
#include "devices/cpu/host_code.h"

namespace cuda_shim::devices {
namespace {

using Bytes = std::vector<unsigned char>;

Bytes test_object() {
  std::ifstream file(CUDA_SHIM_TEST_OBJECT, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

struct Words {
  std::uint32_t* words;
};

class LoaderTest : public CpuDeviceTest {
 protected:
  Result<Executable> load(const Bytes& object, const char* entry) {
    cuda_shim_code_object code = {};
    code.size = sizeof(code);
    code.format = CUDA_SHIM_CODE_HOST_ELF;
    code.kernel = code.entry = entry;
    code.bytes = object.data();
    code.byte_count = object.size();
    code.info.traits = CUDA_SHIM_KERNEL_NEEDS_FIBERS;
    return device_.load(code);
  }

  std::vector<std::uint32_t> results(const char* entry, std::uint32_t threads = 32) {
    Result<Executable> kernel = load(test_object(), entry);
    EXPECT_TRUE(kernel) << kernel.error().message();
    std::vector<std::uint32_t> out(threads);
    if (kernel) run(kernel->handle(), {1, 1, 1}, {threads, 1, 1}, Words{out.data()});
    EXPECT_EQ(fault_code(), StatusCode::kOk);
    return out;
  }
};

TEST_F(LoaderTest, CallsIntoTheDeviceAndConstantsAreResolved) {
  EXPECT_EQ(results("sum_of_squares"), std::vector<std::uint32_t>(32, 4 * 140));
}

TEST_F(LoaderTest, TablesOfFunctionsHoldFinalAddresses) {
  auto out = results("through_pointers");
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i & 1 ? i * i : 2 * i);
}

TEST_F(LoaderTest, VariablesStartAsInitialisedAndCanBeWritten) {
  auto out = results("counts", 4);
  EXPECT_EQ(out, (std::vector<std::uint32_t>{41, 42, 43, 44}));
}

TEST_F(LoaderTest, CompilerGeneratedCallsOfTheCLibraryAreResolved) {
  auto out = results("copies", 2);
  EXPECT_EQ(out, (std::vector<std::uint32_t>{0x01010101, 0x02020202}));
}

TEST_F(LoaderTest, EntryThatTheObjectDoesNotDefineIsAnError) {
  Result<Executable> kernel = load(test_object(), "nowhere");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::kInvalidImage);
  EXPECT_NE(kernel.error().message().find("'nowhere'"), std::string_view::npos);
}

TEST_F(LoaderTest, DataIsNoEntry) {
  EXPECT_FALSE(load(test_object(), "counter"));
}

TEST_F(LoaderTest, ReferenceOutsideOfTheListIsAnErrorThatNamesIt) {
  // The name of the shuffle function becomes one that is not in the lists.
  Bytes object = test_object();
  const char name[] = "cuda_shim_host_shuffle";
  auto found = std::search(object.begin(), object.end(), name, name + sizeof(name));
  ASSERT_NE(found, object.end());
  std::memcpy(&*found, "execve", 7);
  Result<Executable> kernel = load(object, "sum_of_squares");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::kSharedObjectSymbolNotFound);
  EXPECT_NE(kernel.error().message().find("'execve'"), std::string_view::npos);
}

TEST_F(LoaderTest, ObjectOfAnotherMachineIsAnError) {
  Bytes object = test_object();
  reinterpret_cast<Elf64_Ehdr*>(object.data())->e_machine = EM_S390;
  Result<Executable> kernel = load(object, "sum_of_squares");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::kNoBinaryForGpu);
}

TEST_F(LoaderTest, RelocationsWithoutAddendsAreAnErrorInsteadOfIgnored) {
  Bytes object = test_object();
  Elf64_Ehdr header;
  std::memcpy(&header, object.data(), sizeof(header));
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    unsigned char* at = object.data() + header.e_shoff + i * sizeof(Elf64_Shdr);
    Elf64_Shdr section;
    std::memcpy(&section, at, sizeof(section));
    if (section.sh_type != SHT_RELA) continue;
    section.sh_type = SHT_REL;
    std::memcpy(at, &section, sizeof(section));
  }
  Result<Executable> kernel = load(object, "sum_of_squares");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code(), StatusCode::kInvalidImage);
}

TEST_F(LoaderTest, EveryTruncationIsAnError) {
  Bytes object = test_object();
  // The section headers come last: without any byte of them nothing can be loaded.
  for (std::size_t bytes = 0; bytes < object.size(); ++bytes) {
    Bytes part(object.begin(), object.begin() + static_cast<std::ptrdiff_t>(bytes));
    ASSERT_FALSE(load(part, "sum_of_squares")) << bytes;
  }
}

TEST_F(LoaderTest, DamagedObjectsNeverReadOrWriteOutside) {
  // Whether such an object loads is a matter of luck; that it does not crash is not (and the
  // sanitizers look on).
  const Bytes object = test_object();
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    Bytes damaged = object;
    for (int i = 0; i < 4; ++i)
      damaged[random() % damaged.size()] = static_cast<unsigned char>(random());
    [[maybe_unused]] auto loaded = cpu::HostCode::load(damaged, "sum_of_squares");
  }
}

TEST_F(LoaderTest, CodeIsNotWritable) {
  Result<cpu::HostCode> code = cpu::HostCode::load(test_object(), "sum_of_squares");
  ASSERT_TRUE(code);
  std::ifstream maps("/proc/self/maps");
  auto address = reinterpret_cast<std::uintptr_t>(code->entry());
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0, last = 0;
    char access[8] = {};
    ASSERT_EQ(std::sscanf(line.c_str(), "%lx-%lx %7s", &first, &last, access), 3);
    if (address >= first && address < last) {
      EXPECT_STREQ(access, "r-xp");
      return;
    }
  }
  FAIL() << "The code is not mapped.";
}

}  // namespace
}  // namespace cuda_shim::devices
