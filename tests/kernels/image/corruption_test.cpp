// Broken images: every truncation, and many random changes of bytes. The bytes lie before a page
// that cannot be read, so that a read beyond them ends the test program.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kernels/image/test_files.h"

namespace cuda_shim::kernels::image {
namespace {

class Corruption : public testing::TestWithParam<const char*> {
 protected:
  /// What may come out of a broken image: an error of the documented kinds, or texts.
  static void expect_sound(const Texts& texts) {
    if (texts) {
      EXPECT_FALSE(texts->empty());
    } else {
      const StatusCode code = texts.error().code();
      EXPECT_TRUE(code == StatusCode::kInvalidImage || code == StatusCode::kNoBinaryForGpu)
          << texts.error().message();
      EXPECT_FALSE(texts.error().message().empty());
    }
  }
};

TEST_P(Corruption, EveryTruncationGivesAnErrorOrTheRightText) {
  const auto image = test_file(GetParam());
  const auto whole = extract_sized(image);
  for (std::size_t size = 0; size < image.size(); ++size) {
    const auto texts = extract_sized(std::string_view(image).substr(0, size));
    expect_sound(texts);
    if (texts && whole)
      EXPECT_EQ(texts->front().text, whole->front().text) << "cut to " << size << " bytes";
  }
}

TEST_P(Corruption, RandomBytesDoNoHarm) {
  const auto image = test_file(GetParam());
  std::minstd_rand random(7);
  for (int round = 0; round < 4000; ++round) {
    auto broken = image;
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      broken[random() % (round % 2 ? broken.size() : 160)] = static_cast<char>(random() >> 8);
    expect_sound(extract_sized(broken));
  }
}

INSTANTIATE_TEST_SUITE_P(Images, Corruption,
                         testing::Values("size.fatbin", "speed.fatbin", "none.fatbin",
                                         "caller.fatbin", "several.fatbin", "caller.o",
                                         "scale.cubin"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Corruption, OfAFatbinWithoutSizeIsFoundByItsOwnHeaders) {
  const auto image = test_file("size.fatbin");
  std::minstd_rand random(11);
  constexpr std::size_t kContainerHeader =
      16;  // its size field is all that says where the image ends
  for (int round = 0; round < 20000; ++round) {
    auto broken = image;
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      broken[kContainerHeader + random() % (broken.size() - kContainerHeader)] =
          static_cast<char>(random() >> 8);
    const auto texts = extract_unsized(broken);
    if (!texts) EXPECT_FALSE(texts.error().message().empty());
  }
}

}  // namespace
}  // namespace cuda_shim::kernels::image
