// What a kernel's digest depends on: all that the kernel reaches, and nothing else.
#include "kernels/kernel_source.h"

#include "open_helpers.h"

namespace cuda_shim::kernels {
namespace {

using Texts = std::vector<std::string>;

/// Of the kernel k.
support::Digest digest(const Texts& units) {
  const auto program = open(units);
  return KernelSource(*program, *program->kernel("k")).digest();
}

support::Digest digest_for(const std::string& target) {
  const auto program = Program::from_ptx(
      {{"unit", ".version 8.0 .target " + target + " .address_size 64 .entry k() { ret; }"}});
  return KernelSource(**program, *(*program)->kernel("k")).digest();
}

const std::string kKernel =
    ".entry k(.param .u64 p) { .reg .b64 %r; ld.param.u64 %r, [p]; ret; }\n";
const std::string kCaller = ".entry k() { call f, (); ret; }\n";

TEST(KernelSource, EqualKernelsHaveEqualDigests) {
  EXPECT_EQ(digest({kKernel}), digest({kKernel}));
}

TEST(KernelSource, OtherKernelsDoNotMatter) {
  EXPECT_EQ(digest({kKernel}), digest({".entry other() { ret; }\n" + kKernel}));
  EXPECT_EQ(digest({kKernel}), digest({kKernel, ".visible .func far() { ret; }\n"}));
}

TEST(KernelSource, TheBodyCounts) {
  EXPECT_NE(digest({".entry k() { ret; }"}), digest({".entry k() { exit; }"}));
}

TEST(KernelSource, ParametersAndDirectivesCount) {
  EXPECT_NE(digest({".entry k(.param .u64 p) { ret; }"}),
            digest({".entry k(.param .u32 p) { ret; }"}));
  EXPECT_NE(digest({".entry k() .maxntid 64 { ret; }"}),
            digest({".entry k() .maxntid 32 { ret; }"}));
}

TEST(KernelSource, TheTargetCounts) {
  EXPECT_NE(digest_for("sm_75"), digest_for("sm_80"));
}

TEST(KernelSource, WhatItCallsCounts) {
  const std::string called = ".func f() { ret; }\n", other = ".func f() { exit; }\n";
  EXPECT_NE(digest({called + kCaller}), digest({other + kCaller}));
  EXPECT_EQ(digest({called + kCaller}), digest({called + ".func g() { ret; }\n" + kCaller}));
}

TEST(KernelSource, WhatItsCalleesCallCounts) {
  const std::string between = ".func f() { call g, (); ret; }\n";
  EXPECT_NE(digest({".func g() { ret; }\n" + between + kCaller}),
            digest({".func g() { exit; }\n" + between + kCaller}));
}

TEST(KernelSource, ResultsOfWhatItCallsCount) {
  EXPECT_NE(digest({".func (.param .b32 r) f() { ret; }\n" + kCaller}),
            digest({".func (.param .b64 r) f() { ret; }\n" + kCaller}));
}

TEST(KernelSource, CalleesInOtherUnitsCount) {
  const std::string caller = ".extern .func f();\n" + kCaller;
  EXPECT_NE(digest({caller, ".visible .func f() { ret; }"}),
            digest({caller, ".visible .func f() { exit; }"}));
}

TEST(KernelSource, PlacesOfItsVariablesCountAndTheirValuesDoNot) {
  const std::string user = ".entry k() { .reg .b64 %r; mov.u64 %r, v; ret; }\n";
  EXPECT_NE(digest({".global .u32 v;\n" + user}),
            digest({".global .u32 before;\n.global .u32 v;\n" + user}));
  EXPECT_NE(digest({".global .u32 v;\n" + user}), digest({".global .u64 v;\n" + user}));
  EXPECT_EQ(digest({".global .u32 v = 1;\n" + user}), digest({".global .u32 v = 2;\n" + user}));
  EXPECT_EQ(digest({".global .u32 v;\n" + user}),
            digest({".global .u32 v;\n.global .u32 after;\n" + user}));
}

TEST(KernelSource, SharedVariablesOfTheModuleCount) {
  const std::string user = ".entry k() { .reg .b64 %r; mov.u64 %r, s; ret; }\n";
  EXPECT_NE(digest({".shared .b8 s[16];\n" + user}), digest({".shared .b8 s[32];\n" + user}));
}

TEST(KernelSource, VariablesOfItsBodyCountByTheirPlaces) {
  const std::string user = ".entry k() { .global .u32 v; .reg .b64 %r; mov.u64 %r, v; ret; }\n";
  EXPECT_NE(digest({user}), digest({".global .align 256 .b8 before[300];\n" + user}));
}

TEST(KernelSource, FunctionsThatAPointerMayMeanCountForItsIndirectCallsOnly) {
  const auto program = [](const std::string& body, const std::string& kernel) {
    return Texts{".func f() { " + body +
                 " }\n.entry taker() { .reg .b64 %p; mov.u64 %p, f; ret; }\n" + kernel};
  };
  const std::string indirect =
      ".entry k(.param .u64 p) { .reg .b64 %p; ld.param.u64 %p, [p];\nt: .callprototype _ ();\n"
      "call %p, (), t; ret; }\n";
  EXPECT_NE(digest(program("ret;", indirect)), digest(program("exit;", indirect)));
  EXPECT_EQ(digest(program("ret;", kKernel)), digest(program("exit;", kKernel)));
}

TEST(KernelSource, NumbersOfFunctionsWhoseAddressItTakesCount) {
  const std::string taker =
      ".func f() { ret; }\n.entry k() { .reg .b64 %p; mov.u64 %p, f; ret; }\n";
  const std::string earlier =
      ".func e() { ret; }\n.entry other() { .reg .b64 %p; mov.u64 %p, e; ret; }\n";
  EXPECT_NE(digest({taker}), digest({earlier + taker}));
}

TEST(KernelSource, ShowsNothingThatTheKernelDoesNotReach) {
  const auto program =
      open({".func f() { ret; }\n.func g() { ret; }\n.global .u32 v;\n" + kCaller});
  const KernelSource source(*program, *program->kernel("k"));
  EXPECT_NE(source.find_function(0, "f", nullptr), nullptr);
  EXPECT_EQ(source.find_function(0, "g", nullptr), nullptr);
  EXPECT_EQ(source.find_variable(0, "v"), nullptr);
  EXPECT_TRUE(source.addressed_functions().empty());
}

}  // namespace
}  // namespace cuda_shim::kernels
