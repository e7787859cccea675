// Initial values of variables.

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

std::vector<std::uint64_t> indices(const Variable& variable) {
  std::vector<std::uint64_t> list;
  for (const InitialValue& value : variable.initialiser) list.push_back(value.index);
  return list;
}

TEST(Initialiser, CountsElementsOfAnUnsizedArray) {
  const ParsedModule module(".global .u32 x[] = {1, 2, 3}; .global .b16 y[][2] = {{1}, {2}};");
  EXPECT_EQ(module->variables[0].byte_size(), 12u);
  EXPECT_EQ(module->variables[1].byte_size(), 8u);
}

TEST(Initialiser, PlacesNestedRows) {
  const ParsedModule module(".global .u32 x[2][3] = {{1}, {2, 3}};");
  EXPECT_EQ(indices(module->variables[0]), (std::vector<std::uint64_t>{0, 3, 4}));
}

TEST(Initialiser, TakesALaneForEachElementOfAVector) {
  const ParsedModule module(
      ".global .v2 .u32 x[2] = {{1, 2}, {3, 4}}; .global .v2 .u32 y = {5, 6};");
  EXPECT_EQ(indices(module->variables[0]), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(indices(module->variables[1]), (std::vector<std::uint64_t>{0, 1}));
}

TEST(Initialiser, CostsNothingForTheGapsOfAHugeArray) {
  const ParsedModule module(".global .u8 x[4][1000000000] = {{1}, {2}, {3}};");
  EXPECT_EQ(indices(module->variables[0]), (std::vector<std::uint64_t>{0, 1000000000, 2000000000}));
}

TEST(Initialiser, HoldsAddressesOfSymbols) {
  const ParsedModule module(".global .u64 x[] = {a, b+8, generic(c)-4+2, f};");
  const auto& values = module->variables[0].initialiser;
  EXPECT_EQ(values[0].symbol, "a");
  EXPECT_EQ(values[1].offset, 8);
  EXPECT_TRUE(values[2].generic);
  EXPECT_EQ(values[2].symbol, "c");
  EXPECT_EQ(values[2].offset, -2);
  EXPECT_FALSE(values[3].generic);
}

TEST(Initialiser, HoldsBytesOfAddresses) {
  const ParsedModule module(
      ".global .u8 x[] = {0xff(a), 0xff00(generic(a)+4), mask(0xff0000)(a+1), 0xff00(0x1234)};");
  const auto& values = module->variables[0].initialiser;
  EXPECT_EQ(values[0].mask_byte, 0);
  EXPECT_EQ(values[1].mask_byte, 1);
  EXPECT_EQ(values[1].offset, 4);
  EXPECT_TRUE(values[1].generic);
  EXPECT_EQ(values[2].mask_byte, 2);
  EXPECT_FALSE(values[3].symbol.has_value());
  EXPECT_EQ(values[3].number.bits, 0x12u);
}

TEST(Initialiser, HoldsPropertiesOfSamplers) {
  const ParsedModule module(
      ".global .samplerref s = { addr_mode_0 = clamp_to_border, filter_mode = nearest };\n"
      ".global .texref t = { width = 64 };");
  const auto& properties = module->variables[0].properties;
  ASSERT_EQ(properties.size(), 2u);
  EXPECT_EQ(properties[0].first, "addr_mode_0");
  EXPECT_EQ(properties[0].second.symbol, "clamp_to_border");
  EXPECT_EQ(module->variables[1].properties[0].second.number.bits, 64u);
}

TEST(Initialiser, RefusesMoreValuesThanElements) {
  EXPECT_NE(message_about(".global .u32 x[2] = {1, 2, 3};").find("more initial values"),
            std::string::npos);
  EXPECT_NE(message_about(".global .u32 x[2][2] = {{1, 2, 3}};").find("more initial values"),
            std::string::npos);
  EXPECT_NE(message_about(".global .u32 x[2] = {{1}, 2};").find("nest deeper"), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
