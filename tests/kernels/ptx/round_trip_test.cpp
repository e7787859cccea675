// Printing a tree and parsing the text gives the tree again.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "parse_helpers.h"
#include "same_tree.h"

namespace cuda_shim::kernels::ptx {
namespace {

void expect_round_trip(const std::string& text) {
  const auto module = parse_module(text);
  ASSERT_TRUE(module) << module.error().to_string();
  const auto printed = print(*module);
  ASSERT_TRUE(printed) << printed.error().to_string();
  const auto again = parse_module(*printed);
  ASSERT_TRUE(again) << again.error().to_string() << "\n" << *printed;
  EXPECT_TRUE(same_outline(*module, *again)) << *printed;
  for (std::size_t i = 0; i < module->functions.size(); ++i) {
    if (!module->functions[i].has_body()) continue;
    const auto body = parse_body(module->functions[i]);
    const auto body_again = parse_body(again->functions[i]);
    ASSERT_TRUE(body) << body.error().to_string();
    ASSERT_TRUE(body_again) << body_again.error().to_string();
    EXPECT_TRUE(same_tree(*body, *body_again)) << module->functions[i].name;
  }
}

TEST(RoundTrip, KeepsEveryKindOfNode) {
  expect_round_trip(with_header(R"(
.extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);
.const .align 8 .u64 table[3] = {f, generic(x)+8, -1};
.visible .global .attribute(.managed, .unified(1, 2)) .align 4 .u32 x;
.global .u8 bytes[] = {0xff(x), 0xff00(x+4), 0xff0000(generic(x)), 7};
.global .u32 grid[2][3] = {{1}, {2, 3}};
.global .v4 .f32 lanes[2] = {{0f3F800000, 1.5}, {}};
.global .samplerref s = {addr_mode_0 = clamp_to_border, filter_mode = nearest};
.extern .shared .align 16 .b8 dynamic[];
.common .global .b32 c;
.func (.reg .u32 r) f (.reg .u32 a) .noreturn;
.weak .entry k(.param .u64 .ptr .global .align 16 p, .param .align 8 .b8 q[16])
.maxntid 256, 1, 1 .minnctapersm 2 .pragma "nounroll";
{
  .reg .pred %p<3>;
  .reg .v2 .b32 pair, other;
  ts: .branchtargets L1, L2;
  ct: .calltargets f, f;
  proto: .callprototype (.param .b32 _) _ (.param .b64 _) .noreturn;
L1: @!%p1 call.uni (_), %rd1, (a, 1), proto;
  setp.lt.and.s32 %p1|%p2, pair.x, -5, !%p0;
  { .reg .b32 t; mov.b32 t, table+8; mov.b32 t, table[3]; L2: }
  tex.2d.v4.f32.f32 {a, b, _, d}, [texture, sampler, {u, v}];
  vadd4.u32.s32.s32 d.b3210, -a.b0, b.h1, c;
  st.async.shared::cluster.v2.b32 [a+-4], {b, 0d3FF0000000000000};
  ret;
}
.alias g, f;)"));
}

#ifdef CUDA_SHIM_TEST_PTX_FOLDER
class RoundTripOfNvcc : public testing::TestWithParam<const char*> {};

TEST_P(RoundTripOfNvcc, KeepsTheTree) {
  std::ifstream file(std::filesystem::path(CUDA_SHIM_TEST_PTX_FOLDER) / GetParam());
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ASSERT_GT(text.size(), 1000u);
  expect_round_trip(text);
}

INSTANTIATE_TEST_SUITE_P(Files, RoundTripOfNvcc,
                         testing::Values("features_plain.ptx", "features_debug.ptx"));
#endif

}  // namespace
}  // namespace cuda_shim::kernels::ptx
