// The cache as threads of one process meet it, with a translator of the tests' own.
#include "kernels/cache/kernel_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "kernels/cache/temporary_folder.h"
#include "kernels/idle_workers.h"

namespace cuda_shim::kernels::cache {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPtx =
    ".version 8.0\n.target sm_75\n.address_size 64\n"
    ".visible .entry first() { ret; }\n.visible .entry second() { ret; }\n";

/// What the translator does while it is at it; counts how often it was asked.
void (*g_while_translating)(const CompileRequest&);
std::atomic<int> g_translations;

Result<CompiledKernel> translate(const CompileRequest& request) {
  ++g_translations;
  if (g_while_translating != nullptr) g_while_translating(request);
  CompiledKernel code;
  code.kernel = request.source.kernel().name;
  return code;
}

/// Set by the translator and waited for by it, in the tests that stop it.
std::latch* g_begun;
std::latch* g_go_on;

class KernelCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    g_translations = 0;
    g_while_translating = nullptr;
    program = *Program::from_ptx({{"ptx", kPtx}});
  }

  static Settings settings(const std::string& path) {
    Settings made;
    made.path = path;
    made.most_bytes = 1 << 30;
    made.idle_threads = 1;
    return made;
  }

  Result<SharedKernel> launch(std::size_t kernel, KernelCache& from) const {
    bool published = false;
    return from.kernel(wanted(kernel), &published);
  }
  bool translate_ahead(std::size_t kernel, KernelCache& from) const {
    bool published = false;
    return from.translate_ahead(wanted(kernel), &published);
  }
  Wanted wanted(std::size_t kernel) const {
    return {image, kernel, program->kernels()[kernel].name, options,
            [this, kernel]() -> Result<KernelSource> {
              return KernelSource(*program, program->kernels()[kernel]);
            }};
  }

  testing::TemporaryFolder folder;
  std::shared_ptr<const Program> program;
  support::Digest image = {1, 2};
  CompileOptions options;
  KernelCache cache{settings(folder / "cache"), translate};
};

TEST_F(KernelCacheTest, FindsWhatWasTranslatedAhead) {
  EXPECT_TRUE(translate_ahead(0, cache));
  EXPECT_FALSE(translate_ahead(0, cache)) << "It is there.";
  ASSERT_TRUE(launch(0, cache));
  EXPECT_EQ(g_translations, 1);
}

TEST_F(KernelCacheTest, TranslatesNothingAheadThatWouldNotBeKept) {
  Settings off;
  off.disk = false;
  KernelCache without{off, translate};
  EXPECT_FALSE(translate_ahead(0, without));
  EXPECT_EQ(g_translations, 0);
}

TEST_F(KernelCacheTest, GivesCheckpointsOnlyToWhatNobodyWaitsFor) {
  g_while_translating = [](const CompileRequest& request) {
    EXPECT_EQ(request.checkpoint != nullptr, request.source.kernel().name == "first");
  };
  EXPECT_TRUE(translate_ahead(0, cache));
  EXPECT_TRUE(launch(1, cache));
  EXPECT_EQ(g_translations, 2);
}

/// Starts to translate the first kernel ahead and comes back when the translator is at it.
class TranslatingAhead : public KernelCacheTest {
 protected:
  void SetUp() override {
    KernelCacheTest::SetUp();
    g_begun = &begun;
    g_go_on = &go_on;
    g_while_translating = [](const CompileRequest& request) {
      if (request.checkpoint == nullptr) return;
      g_begun->count_down();
      g_go_on->wait();
    };
    other = std::jthread([this] { made = translate_ahead(0, cache); });
    begun.wait();
  }

  std::latch begun{1}, go_on{1};
  bool made = false;
  std::jthread other;
};

TEST_F(TranslatingAhead, ALaunchTakesTheResult) {
  Result<SharedKernel> code = error(StatusCode::kUnknown, "");
  std::jthread launching([&] { code = launch(0, cache); });
  go_on.count_down();
  launching.join();
  other.join();
  EXPECT_TRUE(code);
  EXPECT_TRUE(made);
  EXPECT_EQ(g_translations, 1);
}

TEST_F(TranslatingAhead, AnotherProcessDoesNotBeginTheSameAhead) {
  KernelCache elsewhere{settings(folder / "cache"), translate};
  EXPECT_FALSE(translate_ahead(0, elsewhere));
  go_on.count_down();
}

TEST_F(TranslatingAhead, ALaunchInAnotherProcessIsNotHeldUp) {
  KernelCache elsewhere{settings(folder / "cache"), translate};
  EXPECT_TRUE(launch(0, elsewhere));
  EXPECT_EQ(g_translations, 2);
  go_on.count_down();
}

TEST_F(TranslatingAhead, OtherKernelsAreNotHeldUp) {
  EXPECT_TRUE(launch(1, cache));
  go_on.count_down();
}

TEST_F(KernelCacheTest, ALaunchTranslatesItselfWhatWasGivenUp) {
  auto& workers = *new IdleWorkers(1);
  g_while_translating = [](const CompileRequest& request) {
    if (request.checkpoint == nullptr) return;
    g_begun->count_down();
    for (;;) request.checkpoint();
  };
  auto& begun = *new std::latch(1);
  g_begun = &begun;
  auto& kept = *new KernelCache(settings(folder / "cache"), translate);
  workers.add([this, &kept] { return translate_ahead(0, kept); });
  begun.wait();
  Result<SharedKernel> code = error(StatusCode::kUnknown, "");
  std::jthread launching([&] { code = launch(0, kept); });
  ASSERT_TRUE(workers.stop(1h));
  launching.join();
  EXPECT_TRUE(code);
  EXPECT_EQ(g_translations, 2);
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
