// PTX text, and what is taken for it.

#include "kernels/image/text.h"

#include <gtest/gtest.h>

#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

using namespace std::string_literals;

constexpr std::string_view kPtx = ".version 7.8\n.target sm_75\n";

TEST(Text, WithoutSizeEndsAtItsTerminator) {
  const auto texts = extract_unsized(std::string(kPtx) + '\0');
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, kPtx);
}

TEST(Text, WithSizeNeedsNoTerminator) {
  const auto texts = extract_sized(kPtx);
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, kPtx);
}

TEST(Text, WithSizeEndsAtATerminatorAllTheSame) {
  const auto texts = extract_sized(std::string(kPtx) + "\0rubbish"s);
  ASSERT_TRUE(texts) << texts.error().message();
  EXPECT_EQ(texts->front().text, kPtx);
}

TEST(Text, MayBeginWithSpacesAndComments) {
  EXPECT_TRUE(looks_like_ptx("\n\n  // made by hand\r\n /* two\nlines */\t.version 7.8"));
  EXPECT_TRUE(looks_like_ptx("\xef\xbb\xbf.version 7.8"));
}

TEST(Text, IsNotWhatHasNoDirectiveFirst) {
  for (const std::string_view text :
       {"", " \n", "// .version", "/* .version", "/", "version", "__global__"})
    EXPECT_FALSE(looks_like_ptx(text)) << text;
}

TEST(Text, EmptyOrGarbageIsAnInvalidImage) {
  for (const auto& image : {""s, "\0"s, "P"s, "\x7f\x45"s, "garbage"s, "\xb1\x43\x62"s}) {
    const auto sized = extract_sized(image);
    ASSERT_FALSE(sized);
    EXPECT_EQ(sized.error().code(), StatusCode::kInvalidImage);
    const auto unsized = extract_unsized(image + '\0');
    ASSERT_FALSE(unsized);
    EXPECT_EQ(unsized.error().code(), StatusCode::kInvalidImage);
  }
}

TEST(Image, AtNullIsAnInvalidValue) {
  const auto texts = extract_ptx(nullptr, std::nullopt, {});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().code(), StatusCode::kInvalidValue);
}

}  // namespace
}  // namespace cuda_shim::kernels::image
