#include "support/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "loader/process.h"

namespace cuda_shim::launcher {
namespace {

TEST(Options, ThePageInTheTreeIsWhatTheListGives) {
  std::ifstream file(OPTIONS_PAGE);
  std::string page{std::istreambuf_iterator<char>(file), {}};
  testing::Outcome outcome = testing::run({COMMAND, "options", "--markdown"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(page, outcome.output)
      << "Write it anew: cuda-shim options --markdown > docs/options.md";
}

TEST(Options, EveryOptionIsListed) {
  testing::Outcome outcome = testing::run({COMMAND, "options"});
  for (const support::OptionRow& row : support::option_rows())
    EXPECT_NE(outcome.output.find(row.variable), std::string::npos) << row.variable;
}

}  // namespace
}  // namespace cuda_shim::launcher
