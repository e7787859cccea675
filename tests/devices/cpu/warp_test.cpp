// Warp operations on the scalar engine, against the definitions of the PTX manual.

#include <bit>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

constexpr std::uint32_t kAll = ~0u;

struct Words {
  std::uint32_t* words;
};

class WarpTest : public CpuDeviceTest {
 protected:
  /// What each of `threads` threads writes to its word.
  std::vector<std::uint32_t> results(cuda_shim_host_kernel entry, std::uint32_t threads = 32) {
    auto kernel = make_kernel(entry);
    std::vector<std::uint32_t> out(threads, 0xdeadbeef);
    run(kernel.get(), {1, 1, 1}, {threads, 1, 1}, Words{out.data()});
    EXPECT_EQ(fault_code(), StatusCode::kOk);
    return out;
  }
};

std::uint32_t& own_word(cuda_shim_host_thread* thread) {
  return parameters_of<Words>(thread).words[linear_thread(thread)];
}

std::uint32_t low(std::uint64_t pair) {
  return static_cast<std::uint32_t>(pair);
}
std::uint32_t high(std::uint64_t pair) {
  return static_cast<std::uint32_t>(pair >> 32);
}

TEST_F(WarpTest, ShuffleDownGivesOwnValueBeyondTheWarp) {
  auto out = results([](cuda_shim_host_thread* thread) {
    auto pair = cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_DOWN, thread->lane * 10, 4, 31, kAll);
    own_word(thread) = low(pair) * 2 + high(pair);
  });
  for (std::uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], i + 4 <= 31 ? (i + 4) * 20 + 1 : i * 20) << i;
}

TEST_F(WarpTest, ShuffleUpStopsAtTheSegment) {
  // Width 8: c = (32 - 8) << 8.
  auto out = results([](cuda_shim_host_thread* thread) {
    auto pair =
        cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_UP, thread->lane, 3, (32 - 8) << 8, kAll);
    own_word(thread) = low(pair) * 2 + high(pair);
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i % 8 >= 3 ? (i - 3) * 2 + 1 : i * 2);
}

TEST_F(WarpTest, ButterflyReductionSumsTheWarp) {
  auto out = results(
      [](cuda_shim_host_thread* thread) {
        std::uint32_t sum = linear_thread(thread);
        for (std::uint32_t step = 16; step; step /= 2)
          sum += low(cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_BFLY, sum, step, 31, kAll));
        own_word(thread) = sum;
      },
      96);
  for (std::uint32_t i = 0; i < 96; ++i) EXPECT_EQ(out[i], 496 + i / 32 * 1024);
}

TEST_F(WarpTest, ShuffleIndexReadsTheLaneOfTheSegment) {
  auto out = results([](cuda_shim_host_thread* thread) {
    std::uint32_t c = (32 - 16) << 8 | 31;
    own_word(thread) =
        low(cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_IDX, thread->lane, 21, c, kAll));
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i / 16 * 16 + 5);
}

TEST_F(WarpTest, ShuffleReadsNoughtFromALaneThatTakesNoPart) {
  // Two threads reduce with the membermask of a whole warp, as the last step of public reductions
  // does: the other thirty lanes must not add anything.
  auto out = results(
      [](cuda_shim_host_thread* thread) {
        std::uint32_t sum = thread->lane + 1;
        for (std::uint32_t step = 16; step; step /= 2)
          sum += low(cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_DOWN, sum, step, 31, kAll));
        own_word(thread) = sum;
      },
      2);
  EXPECT_EQ(out[0], 3u);
}

TEST_F(WarpTest, TwoHalvesOfAWarpShuffleApartAndInDifferentOrder) {
  auto out = results([](cuda_shim_host_thread* thread) {
    bool first = thread->lane < 16;
    std::uint32_t members = first ? 0xffff : 0xffff0000;
    std::uint32_t value = thread->lane;
    // The halves go through different numbers of operations.
    for (std::uint32_t i = 0; i < (first ? 1u : 3u); ++i)
      value = low(cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_BFLY, value, 1, 31, members));
    own_word(thread) = value;
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i ^ 1);
}

TEST_F(WarpTest, LanesGoOnInOrderWhoeverCameLast) {
  // Lane 5 comes last; lane 0 alone clears a word, which the others must find cleared.
  auto out = results([](cuda_shim_host_thread* thread) {
    std::uint32_t& leaders = parameters_of<Words>(thread).words[0];
    for (int i = 0; thread->lane == 5 && i < 2; ++i) cuda_shim_host_yield(thread);
    cuda_shim_host_warp_sync(thread, kAll);
    if (thread->lane == 0) leaders = 7;
    std::uint32_t found = leaders;
    cuda_shim_host_warp_sync(thread, kAll);
    own_word(thread) = found;
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], 7u) << i;
}

TEST_F(WarpTest, VotesCombineThePredicatesOfTheMembers) {
  auto out = results([](cuda_shim_host_thread* thread) {
    std::uint32_t odd = thread->lane & 1, members = odd ? 0xaaaaaaaa : 0x55555555;
    std::uint32_t all = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_ALL, odd, members);
    std::uint32_t any = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_ANY, odd, members);
    std::uint32_t same = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_UNI, odd, kAll);
    std::uint32_t ballot = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_BALLOT, odd, kAll);
    own_word(thread) = ballot == 0xaaaaaaaa ? all | any << 1 | same << 2 : 99;
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i & 1 ? 3u : 0u);
}

TEST_F(WarpTest, MatchAnyGroupsEqualValuesAndMatchAllNeedsThemAll) {
  auto out = results([](cuda_shim_host_thread* thread) {
    std::uint64_t value = (thread->lane % 4) | 0x100000000ull;
    std::uint32_t mask = low(cuda_shim_host_match(thread, CUDA_SHIM_MATCH_ANY, value, kAll));
    auto differ = cuda_shim_host_match(thread, CUDA_SHIM_MATCH_ALL, value, kAll);
    auto equal = cuda_shim_host_match(thread, CUDA_SHIM_MATCH_ALL, 7, kAll);
    own_word(thread) = differ == 0 && low(equal) == kAll && high(equal) == 1 ? mask : 0;
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], 0x11111111u << i % 4);
}

TEST_F(WarpTest, ReductionsRespectSignAndOperation) {
  auto out = results([](cuda_shim_host_thread* thread) {
    std::uint32_t value = thread->lane - 5;  // -5 .. 26
    auto redux = [&](std::uint32_t operation) {
      return cuda_shim_host_redux(thread, operation, value, kAll);
    };
    bool right = redux(CUDA_SHIM_REDUX_ADD) == 336 && redux(CUDA_SHIM_REDUX_MIN_S) == -5u &&
                 redux(CUDA_SHIM_REDUX_MAX_S) == 26 && redux(CUDA_SHIM_REDUX_MIN_U) == 0 &&
                 redux(CUDA_SHIM_REDUX_MAX_U) == -1u && redux(CUDA_SHIM_REDUX_AND) == 0 &&
                 redux(CUDA_SHIM_REDUX_OR) == -1u &&
                 redux(CUDA_SHIM_REDUX_XOR) == (-5u ^ -4u ^ -3u ^ -2u ^ -1u ^ 24u ^ 25u ^ 26u);
    own_word(thread) = right;
  });
  EXPECT_EQ(out, std::vector<std::uint32_t>(32, 1));
}

TEST_F(WarpTest, LanesThatHaveExitedAreNotWaitedFor) {
  auto out = results(
      [](cuda_shim_host_thread* thread) {
        own_word(thread) = 0;
        if (thread->lane >= 20) return;
        own_word(thread) = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_BALLOT, 1, kAll);
      },
      64);
  for (std::uint32_t i = 0; i < 64; ++i) EXPECT_EQ(out[i], i % 32 < 20 ? 0xfffffu : 0);
}

TEST_F(WarpTest, LanesThatExitLaterReleaseThoseThatWait) {
  // Lane 0 waits first; the others exit one after another without taking part.
  auto out = results([](cuda_shim_host_thread* thread) {
    own_word(thread) = 7;
    if (thread->lane == 0)
      own_word(thread) = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_BALLOT, 1, kAll);
  });
  EXPECT_EQ(out[0], 1u);
  EXPECT_EQ(out[1], 7u);
}

TEST_F(WarpTest, ElectChoosesOneMember) {
  auto out = results([](cuda_shim_host_thread* thread) {
    if (thread->lane < 3) {
      own_word(thread) = 0;
      return;
    }
    auto pair = cuda_shim_host_elect(thread, 0xfffffff8);
    own_word(thread) = low(pair) * 2 + high(pair);
  });
  for (std::uint32_t i = 3; i < 32; ++i) EXPECT_EQ(out[i], i == 3 ? 7u : 6u);
}

// Two places in the code, which the compiler must not make one.
template <int place>
[[gnu::noinline]] std::uint32_t activemask_at(cuda_shim_host_thread* thread) {
  std::uint32_t mask = cuda_shim_host_activemask(thread);
  asm volatile("" : "+r"(mask) : "i"(place));
  return mask;
}

TEST_F(WarpTest, ActivemaskFindsTheLanesOfTheSameBranch) {
  auto out = results([](cuda_shim_host_thread* thread) {
    own_word(thread) = thread->lane % 2 ? activemask_at<1>(thread) : activemask_at<2>(thread) ^ 1;
  });
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], i % 2 ? 0xaaaaaaaau : 0x55555554u);
}

TEST_F(WarpTest, ActivemaskDoesNotWaitForALaneThatSpins) {
  // Lane 0 spins until lane 1, which asks for the active lanes, sets the flag.
  auto out = results([](cuda_shim_host_thread* thread) {
    volatile std::uint32_t* flag = parameters_of<Words>(thread).words + 31;
    if (thread->lane == 31) return;
    if (thread->lane == 0)
      while (*flag != 5) cuda_shim_host_yield(thread);
    own_word(thread) = cuda_shim_host_activemask(thread);
    if (thread->lane == 1) *flag = 5;
  });
  EXPECT_EQ(out[1], 0x7ffffffeu);
  EXPECT_EQ(out[0], 1u);
}

TEST_F(WarpTest, MembersThatNeverComeAreReportedInsteadOfHanging) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (thread->lane == 0)
      cuda_shim_host_barrier_sync(thread, 0, 0);
    else
      cuda_shim_host_warp_sync(thread, kAll);
  });
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, Words{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

}  // namespace
}  // namespace cuda_shim::devices
