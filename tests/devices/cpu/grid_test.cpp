// How the blocks of a grid are dealt out to workers.

#include "devices/cpu/grid.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace cuda_shim::devices::cpu {
namespace {

/// Two workers' shares of 100 blocks, in chunks of 8.
class DealtGrid : public testing::Test {
 protected:
  DealtGrid() {
    shares_[0].next = 0;
    shares_[0].end = 50;
    shares_[1].next = 50;
    shares_[1].end = 100;
    grid_.blocks = grid_.strips = 100;
    grid_.chunk = 8;
    grid_.shares = shares_.data();
    grid_.share_count = 2;
  }

  std::vector<std::uint64_t> all_that(std::uint32_t worker) {
    std::vector<std::uint64_t> taken;
    std::uint64_t first = 0;
    while (const std::uint64_t count = take_chunk(grid_, worker, &first))
      for (std::uint64_t i = 0; i < count; ++i) taken.push_back(first + i);
    return taken;
  }

  std::array<Share, 2> shares_;
  Grid grid_ = {};
};

TEST_F(DealtGrid, GivesAWorkerItsOwnShareFirst) {
  std::uint64_t first = 0;
  EXPECT_EQ(take_chunk(grid_, 1, &first), 8);
  EXPECT_EQ(first, 50);
  EXPECT_EQ(take_chunk(grid_, 0, &first), 8);
  EXPECT_EQ(first, 0);
}

TEST_F(DealtGrid, GivesEachBlockOnceToAWorkerThatIsAlone) {
  std::vector<std::uint64_t> taken = all_that(1);
  ASSERT_EQ(taken.size(), 100);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(taken[i], (50 + i) % 100);
}

TEST_F(DealtGrid, GivesWorkersBeyondTheSharesWhatIsLeft) {
  std::uint64_t first = 0;
  EXPECT_EQ(take_chunk(grid_, 3, &first), 8);
  EXPECT_EQ(first, 50);
}

TEST_F(DealtGrid, EndsAChunkWithItsShare) {
  std::uint64_t first = 0;
  shares_[0].next = 48;
  EXPECT_EQ(take_chunk(grid_, 0, &first), 2);
  EXPECT_EQ(first, 48);
}

}  // namespace
}  // namespace cuda_shim::devices::cpu
