// No input crashes the parser: truncations, mutations, deep nesting. Meant for the sanitizer
// presets most of all.

#include <fstream>
#include <iterator>
#include <random>

#include "kernels/program.h"
#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

const std::string& subject() {
  static const std::string text = with_header(R"(
.extern .func (.param .b32 r) vprintf (.param .b64 a, .param .b64 b);
.visible .global .attribute(.managed, .unified(1, 2)) .align 4 .u32 x[2][2] = {{1}, {2, 3}};
.global .u8 bytes[] = {0xff(x), 0xff00(x+4), 7}; // comment
.global .u64 table[2] = {f, generic(x)+8};
.global .samplerref s = {addr_mode_0 = clamp_to_border};
.func (.reg .u32 r) f (.reg .u32 a) .noreturn { ret; }
.weak .entry k(.param .u64 .ptr .global .align 16 p, .param .align 8 .b8 q[16])
.maxntid 256, 1, 1 .pragma "nounroll";
{
  .reg .pred %p<3>; /* and { */
  ts: .branchtargets L1, L2;
  proto: .callprototype (.param .b32 _) _ (.param .b64 _);
L1: @!%p1 call.uni (_), %rd1, (a, 1), proto;
  setp.lt.and.s32 %p1|%p2, pair.x, (-5 << 2 ? 3 : 0x1F), !%p0;
  { .reg .b32 t; mov.b32 t, table+8; mov.b32 t, table[3]; L2: }
  .loc 1 3 4, function_name $L__info+8, inlined_at 1 2 3
  tex.2d.v4.f32.f32 {a, b, _, d}, [texture, sampler, {u, v}];
  mov.f64 d, 0d3FF0000000000000; mov.f32 e, 1.5e-3;
}
.alias g, f;)");
  return text;
}

/// Parses everything that can be; what comes out does not matter, that it does come out does.
void exercise(std::string text) {
  const auto program = Program::from_ptx({{"test", std::move(text)}});
  if (!program) return;
  for (const ProgramUnit& unit : (*program)->units()) static_cast<void>(print(unit.module));
  (*program)->addressed_functions();
  if ((*program)->memory_bytes() < (1 << 20)) (*program)->initial_memory();
}

TEST(Robustness, TheSubjectItselfIsValid) {
  const auto module = parse_module(subject());
  ASSERT_TRUE(module) << module.error().to_string();
  const auto printed = print(*module);
  ASSERT_TRUE(printed) << printed.error().to_string();
}

TEST(Robustness, SurvivesTruncationAtEveryByte) {
  for (std::size_t size = 0; size < subject().size(); ++size) exercise(subject().substr(0, size));
}

TEST(Robustness, SurvivesTruncatedBodies) {
  const ParsedModule module(".entry k() {}");
  const std::string& text = subject();
  const std::size_t begin = text.find("{\n  .reg") + 1, end = text.rfind('}');
  for (std::size_t size = 0; begin + size <= end; ++size) {
    // A copy of its own, so that a sanitizer sees a read past it.
    const std::string piece = text.substr(begin, size);
    Function function = module->functions[0];
    function.body_text = piece;
    static_cast<void>(parse_body(function));
  }
}

TEST(Robustness, SurvivesRandomChanges) {
  std::mt19937 random(20260101);
  constexpr std::string_view kTricky = "{}()[]<>.,;:@!|\"/*#\\+-0x9fFdU%_$ \n\0\xff=?~&^";
  for (int round = 0; round < 20000; ++round) {
    std::string text = subject();
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t place = random() % text.size();
      const char c = kTricky[random() % kTricky.size()];
      if (random() % 3 == 0)
        text.erase(place, random() % 8);
      else if (random() % 2 == 0)
        text[place] = c;
      else
        text.insert(place, 1 + random() % 3, c);
    }
    exercise(std::move(text));
  }
}

TEST(Robustness, LimitsNesting) {
  constexpr std::size_t kDepth = 100000;
  for (const char* opening : {"{", "(", "-", "~", "1?", "1+("}) {
    std::string text;
    for (std::size_t i = 0; i < kDepth; ++i) text += opening;
    EXPECT_NE(message_about(".global .u32 x = " + text), "");
    EXPECT_NE(message_about(".entry k() { mov.b32 a, " + text + "; }"), "");
  }
  const std::string scopes(kDepth, '{'), closing(kDepth, '}');
  EXPECT_NE(message_about(".entry k() {" + scopes + closing + "}").find("deeper"),
            std::string::npos);
}

TEST(Robustness, AcceptsReasonableNesting) {
  const std::string scopes(100, '{'), closing(100, '}');
  EXPECT_EQ(message_about(".entry k() {" + scopes + closing + "}"), "");
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
