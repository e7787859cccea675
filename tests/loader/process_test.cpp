#include "loader/process.h"

#include <gtest/gtest.h>

namespace cuda_shim::testing {
namespace {

TEST(Process, KeepsEveryLineThatSeveralProcessesWriteAtOnce) {
  const std::string count = "i=0; while [ $i -lt 20000 ]; do echo line; i=$((i+1)); done";
  const std::string both = "(" + count + ") & " + count + "; wait";
  EXPECT_EQ(lines_of(run({"/bin/sh", "-c", both}).output).size(), 40'000u);
}

}  // namespace
}  // namespace cuda_shim::testing
