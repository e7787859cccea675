// image::open: the PTX becomes a program.

#include <gtest/gtest.h>

#include <optional>

#include "kernels/image/fatbin_builder.h"
#include "kernels/image/test_files.h"
#include "kernels/image/wrapper.h"

namespace cuda_shim::kernels::image {
namespace {

TEST(Open, GivesTheKernelsOfAFatbin) {
  const auto image = test_file("default.fatbin");
  const auto program = open(image.data(), image.size(), {});
  ASSERT_TRUE(program) << program.error().message();
  ASSERT_EQ((*program)->kernels().size(), 1u);
  EXPECT_EQ((*program)->kernels()[0].parameters.size(), 3u);
}

TEST(Open, GivesTheSameProgramForEveryCompression) {
  const auto text = [](std::string_view file) {
    const auto image = test_file(file);
    const auto program = open(image.data(), image.size(), {});
    return program ? (*program)->units()[0].text : std::string(program.error().message());
  };
  EXPECT_EQ(text("none.fatbin"), text("speed.fatbin"));
  EXPECT_EQ(text("none.fatbin"), text("size.fatbin"));
}

TEST(Open, LinksTheUnitsOfASeparatelyCompiledProgram) {
  const auto linked = test_file("machine_code.fatbin"), caller = test_file("caller.fatbin"),
             callee = test_file("callee.fatbin");
  const void* units[] = {caller.data(), callee.data(), nullptr};
  const Wrapper wrapper{0x466243b1, 2, linked.data(), units};
  const auto program = open(&wrapper, std::nullopt, {});
  ASSERT_TRUE(program) << program.error().message();
  ASSERT_EQ((*program)->kernels().size(), 1u);
  const ProgramKernel& kernel = (*program)->kernels()[0];
  unsigned unit = kernel.unit;
  EXPECT_NE((*program)->find_function(kernel.unit, "_Z5twicei", &unit), nullptr);
  EXPECT_NE(unit, kernel.unit);
}

TEST(Open, OfTextThatIsNotPtxNamesThePlace) {
  const std::string text = ".version 7.8\n.target sm_75\n.address_size 64\n.visible .nonsense\n";
  const auto program = open(text.data(), text.size(), {});
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code(), StatusCode::kInvalidPtx);
  EXPECT_NE(program.error().message().find("line 4"), std::string_view::npos)
      << program.error().message();
}

}  // namespace
}  // namespace cuda_shim::kernels::image
