#include "api/objects/program_source.h"

#include "null_context.h"

namespace cuda_shim::objects {
namespace {

constexpr char kUnit[] =
    ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry f() { ret; }\n";

class ProgramSourceTest : public NullContext {
 protected:
  const Device& device() { return *find_device(0); }
};

TEST_F(ProgramSourceTest, ALinkedImageIsReadBack) {
  std::string image = write_linked_image({{"unit", kUnit}});
  Result<ProgramPointer> program = open_program(device(), image.data(), std::nullopt, "");
  ASSERT_TRUE(program.has_value()) << program.error().message();
  EXPECT_NE((*program)->outline().kernel("f"), nullptr);
}

TEST_F(ProgramSourceTest, ATruncatedLinkedImageIsInvalidWhereverItEnds) {
  std::string image = write_linked_image({{"unit", kUnit}, {"other", ""}});
  for (std::size_t bytes = 24; bytes < image.size(); ++bytes) {
    std::vector<char> part(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_FALSE(open_program(device(), part.data(), bytes, "").has_value()) << bytes;
  }
}

TEST_F(ProgramSourceTest, ALengthBeyondTheImageIsInvalid) {
  std::string image = write_linked_image({{"unit", kUnit}});
  image[image.size() - sizeof kUnit] = '\xff';  // the last byte of the text's length
  EXPECT_EQ(open_program(device(), image.data(), image.size(), "").error().code(),
            StatusCode::kInvalidImage);
}

TEST_F(ProgramSourceTest, TextIsToldFromImages) {
  EXPECT_TRUE(is_text("\n\n  .version 8.0"));
  EXPECT_TRUE(is_text("// comment\n.version 8.0"));
  EXPECT_FALSE(
      is_text("\x7f"
              "ELF"));
  EXPECT_FALSE(is_text(""));
}

TEST_F(ProgramSourceTest, AFileThatIsNotThereIsNamed) {
  Result<ProgramPointer> program = open_program_file(device(), "/nowhere/at.all");
  ASSERT_FALSE(program.has_value());
  EXPECT_EQ(program.error().code(), StatusCode::kFileNotFound);
  EXPECT_NE(program.error().message().find("/nowhere/at.all"), std::string_view::npos);
}

}  // namespace
}  // namespace cuda_shim::objects
