// Copies and fills: shapes, sizes that are split among workers, overlap.

#include <algorithm>
#include <numeric>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

class TransferTest : public CpuDeviceTest {
 protected:
  void copy(const cuda_shim_copy& copy) {
    ASSERT_TRUE(queue_.copy(copy).ok());
    ASSERT_TRUE(queue_.drain().ok());
    ASSERT_EQ(fault_code(), StatusCode::kOk);
  }
  void fill(const cuda_shim_fill& fill) {
    ASSERT_TRUE(queue_.fill(fill).ok());
    ASSERT_TRUE(queue_.drain().ok());
    ASSERT_EQ(fault_code(), StatusCode::kOk);
  }
};

template <class T>
std::uint64_t address(const T* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

std::vector<unsigned char> pattern(std::size_t bytes) {
  std::vector<unsigned char> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<unsigned char>(i * 31 + i / 251);
  return data;
}

TEST_F(TransferTest, CopiesOfAllSizesAreExact) {
  for (std::size_t bytes : {1u, 7u, 4096u, (1u << 20) + 3, (9u << 20) + 1}) {
    auto from = pattern(bytes);
    std::vector<unsigned char> to(bytes + 1, 0xee);
    copy({address(to.data()), address(from.data()), bytes, 1, 1, 0, 0, 0, 0});
    EXPECT_TRUE(std::equal(from.begin(), from.end(), to.begin())) << bytes;
    EXPECT_EQ(to[bytes], 0xee);
  }
}

TEST_F(TransferTest, PitchedCopyLeavesThePaddingAlone) {
  constexpr std::size_t kWidth = 100, kHeight = 50, kDepth = 3;
  auto from = pattern(128 * 60 * kDepth);
  std::vector<unsigned char> to(112 * 55 * kDepth, 0xee), expected = to;
  for (std::size_t z = 0; z < kDepth; ++z)
    for (std::size_t y = 0; y < kHeight; ++y)
      std::copy_n(from.begin() + z * 128 * 60 + y * 128, kWidth,
                  expected.begin() + z * 112 * 55 + y * 112);
  copy({address(to.data()), address(from.data()), kWidth, kHeight, kDepth, 112, 128, 112 * 55,
        128 * 60});
  EXPECT_EQ(to, expected);
}

TEST_F(TransferTest, LargePitchedCopyIsExact) {
  constexpr std::size_t kWidth = 3000, kPitch = 4096, kHeight = 1000;
  auto from = pattern(kPitch * kHeight);
  std::vector<unsigned char> to(kWidth * kHeight);
  copy({address(to.data()), address(from.data()), kWidth, kHeight, 1, kWidth, kPitch, 0, 0});
  for (std::size_t y = 0; y < kHeight; ++y)
    ASSERT_TRUE(std::equal(to.begin() + y * kWidth, to.begin() + (y + 1) * kWidth,
                           from.begin() + y * kPitch))
        << y;
}

TEST_F(TransferTest, OverlappingCopyMovesTheBytes) {
  auto data = pattern(4 << 20), expected = data;
  std::move_backward(expected.begin(), expected.end() - 1000, expected.end());
  copy({address(data.data()) + 1000, address(data.data()), data.size() - 1000, 1, 1, 0, 0, 0, 0});
  EXPECT_EQ(data, expected);
}

TEST_F(TransferTest, EmptyCopyTouchesNothing) {
  copy({0, 0, 0, 1, 1, 0, 0, 0, 0});
  copy({0, 0, 16, 0, 1, 16, 16, 0, 0});
}

TEST_F(TransferTest, FillsWithElementsOfOneTwoAndFourBytes) {
  std::vector<std::uint32_t> data(1000, 0xeeeeeeee);
  fill({address(data.data()), 400, 1, 0, 0x12345678, 4});
  fill({address(data.data() + 400), 400, 1, 0, 0x1234abcd, 2});
  fill({address(data.data() + 600), 800, 1, 0, 0x7f, 1});
  for (std::size_t i = 0; i < 1000; ++i)
    ASSERT_EQ(data[i], i < 400   ? 0x12345678
                       : i < 600 ? 0xabcdabcd
                       : i < 800 ? 0x7f7f7f7f
                                 : 0xeeeeeeee)
        << i;
}

TEST_F(TransferTest, PitchedFillLeavesThePaddingAlone) {
  std::vector<std::uint16_t> data(100 * 40, 9);
  fill({address(data.data()), 60, 40, 200, 5, 2});
  for (std::size_t i = 0; i < data.size(); ++i) ASSERT_EQ(data[i], i % 100 < 60 ? 5 : 9) << i;
}

TEST_F(TransferTest, LargeFillIsExact) {
  std::vector<std::uint16_t> data((5 << 20) + 7, 1);
  fill({address(data.data()), data.size() - 1, 1, 0, 0xbeef, 2});
  EXPECT_TRUE(
      std::all_of(data.begin(), data.end() - 1, [](std::uint16_t v) { return v == 0xbeef; }));
  EXPECT_EQ(data.back(), 1);
}

TEST_F(TransferTest, ElementsOfThreeBytesAreRefused) {
  EXPECT_EQ(queue_.fill({0, 0, 1, 0, 0, 3}).code(), StatusCode::kInvalidValue);
}

}  // namespace
}  // namespace cuda_shim::devices
