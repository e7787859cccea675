#include "api/objects/copy.h"

#include <array>
#include <vector>

#include "api/objects/memory.h"
#include "null_context.h"

namespace cuda_shim::objects {
namespace {

class CopyTest : public NullContext {
 protected:
  Stream& stream() { return context_->legacy_stream(); }
  std::uint64_t device(std::size_t bytes) {
    return *allocate_device(*context_, bytes, MemoryKind::kDevice);
  }
};

std::uint64_t at(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

TEST_F(CopyTest, GoesThereAndBack) {
  std::array<int, 4> in = {1, 2, 3, 4}, out = {};
  std::uint64_t memory = device(sizeof in);
  ASSERT_TRUE(copy(stream(), memory, at(in.data()), sizeof in, CopySide::kDevice, CopySide::kHost,
                   CopyMode::kSynchronous)
                  .ok());
  ASSERT_TRUE(copy(stream(), at(out.data()), memory, sizeof in, CopySide::kHost, CopySide::kDevice,
                   CopyMode::kSynchronous)
                  .ok());
  EXPECT_EQ(in, out);
}

TEST_F(CopyTest, BeyondAnAllocationIsInvalid) {
  char host[64] = {};
  std::uint64_t memory = device(32);
  auto code = [&](std::uint64_t to, std::size_t bytes) {
    return copy(stream(), to, at(host), bytes, CopySide::kDevice, CopySide::kHost,
                CopyMode::kSynchronous)
        .code();
  };
  EXPECT_EQ(code(memory, 33), StatusCode::kInvalidValue);
  EXPECT_EQ(code(memory + 31, 2), StatusCode::kInvalidValue);
  EXPECT_EQ(code(0, 1), StatusCode::kInvalidValue);
  EXPECT_EQ(code(memory, ~std::size_t(0)), StatusCode::kInvalidValue);
  EXPECT_EQ(code(memory, 0), StatusCode::kOk);
  EXPECT_EQ(code(memory + 31, 1), StatusCode::kOk);
}

TEST_F(CopyTest, FreedMemoryIsInvalid) {
  char host[8] = {};
  std::uint64_t memory = device(8);
  ASSERT_TRUE(free_device(memory).ok());
  EXPECT_EQ(free_device(memory).code(), StatusCode::kInvalidValue);
  EXPECT_EQ(copy(stream(), memory, at(host), 8, CopySide::kDevice, CopySide::kHost,
                 CopyMode::kSynchronous)
                .code(),
            StatusCode::kInvalidValue);
}

TEST_F(CopyTest, RowsKeepTheirPitch) {
  std::array<char, 12> in = {'a', 'b', 'c', '-', 'd', 'e', 'f', '-', 'g', 'h', 'i', '-'};
  std::uint64_t memory = device(30);
  ASSERT_TRUE(fill(stream(), {memory, 30, 1, 30, '.', 1}, CopyMode::kSynchronous).ok());
  cuda_shim_copy shape = {memory, at(in.data()), 3, 3, 1, 10, 4, 30, 12};
  ASSERT_TRUE(
      copy(stream(), shape, CopySide::kDevice, CopySide::kHost, CopyMode::kSynchronous).ok());
  EXPECT_EQ(std::string(reinterpret_cast<char*>(memory), 30), "abc.......def.......ghi.......");
}

TEST_F(CopyTest, APitchThatOverflowsIsInvalid) {
  char host[8] = {};
  std::uint64_t memory = device(64);
  cuda_shim_copy shape = {memory, at(host), 4, 3, 1, ~std::size_t(0) / 2, 4, 0, 0};
  EXPECT_EQ(
      copy(stream(), shape, CopySide::kDevice, CopySide::kHost, CopyMode::kSynchronous).code(),
      StatusCode::kInvalidValue);
}

TEST_F(CopyTest, FillsByElement) {
  std::uint64_t memory = device(16);
  ASSERT_TRUE(fill(stream(), {memory, 4, 1, 16, 0x01020304, 4}, CopyMode::kSynchronous).ok());
  EXPECT_EQ(reinterpret_cast<std::uint32_t*>(memory)[3], 0x01020304u);
  EXPECT_EQ(fill(stream(), {memory + 2, 2, 1, 8, 0, 4}, CopyMode::kSynchronous).code(),
            StatusCode::kInvalidValue);
  EXPECT_EQ(fill(stream(), {memory, 5, 1, 20, 0, 4}, CopyMode::kSynchronous).code(),
            StatusCode::kInvalidValue);
}

TEST_F(CopyTest, RegisteredMemoryCannotBeRegisteredAgain) {
  std::vector<char> memory(4096);
  ASSERT_TRUE(register_host(*context_, memory.data(), 4096, 0).ok());
  EXPECT_EQ(register_host(*context_, memory.data() + 100, 10, 0).code(),
            StatusCode::kHostMemoryAlreadyRegistered);
  ASSERT_TRUE(unregister_host(memory.data()).ok());
  EXPECT_EQ(unregister_host(memory.data()).code(), StatusCode::kHostMemoryNotRegistered);
}

TEST_F(CopyTest, HostMemoryEndsWithItsContext) {
  void* memory = *allocate_host(*context_, 100, 0);
  static_cast<char*>(memory)[99] = 1;
  context_.reset();
  EXPECT_FALSE(allocations().find(at(memory)));
}

}  // namespace
}  // namespace cuda_shim::objects
