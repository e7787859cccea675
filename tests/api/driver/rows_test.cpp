#include "api/driver/rows.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cuda_shim::driver {
namespace {

TEST(Rows, EverySymbolIsThereOnce) {
  std::set<std::string_view> symbols;
  for (const Row& row : rows()) EXPECT_TRUE(symbols.insert(row.symbol).second) << row.symbol;
}

TEST(Rows, ASymbolBeginsWithItsName) {
  for (const Row& row : rows()) EXPECT_TRUE(row.symbol.starts_with(row.name)) << row.symbol;
}

TEST(Rows, TheSuffixSaysTheStream) {
  for (const Row& row : rows()) {
    bool suffixed = row.symbol.ends_with("_ptsz") || row.symbol.ends_with("_ptds");
    EXPECT_EQ(suffixed, row.streams == RowStreams::kPerThread) << row.symbol;
  }
}

TEST(Rows, APerThreadRowHasALegacySiblingOfTheSameState) {
  for (const Row& row : rows()) {
    if (row.streams != RowStreams::kPerThread) continue;
    std::string_view sibling = row.symbol.substr(0, row.symbol.size() - 5);
    bool found = false;
    for (const Row& other : rows_named(row.name))
      if (other.symbol == sibling)
        found = other.streams == RowStreams::kLegacy && other.implemented == row.implemented;
    EXPECT_TRUE(found) << row.symbol;
  }
}

TEST(Rows, NewerVersionsComeLater) {
  for (const Row& row : rows()) {
    EXPECT_GE(row.since, 2000) << row.symbol;
    EXPECT_LE(row.since, 13000) << row.symbol;
  }
}

}  // namespace
}  // namespace cuda_shim::driver
