// Footprints that are longer than wide. How a GPU covers them is nowhere said, so what is tested is
// what any way of covering them must have.

#include <cmath>

#include "texture_run.h"

namespace {

constexpr auto kClamp = CU_TR_ADDRESS_MODE_CLAMP;
constexpr auto kPoint = CU_TR_FILTER_MODE_POINT;
constexpr auto kLinear = CU_TR_FILTER_MODE_LINEAR;
constexpr unsigned kExtent = 16, kLevels = 4;

/// A texture of 16 x 16 texels with three smaller levels.
class Anisotropy : public TextureFixture {
 protected:
  /// value(level, column)
  template <class Value>
  void fill(Value value) {
    const CUDA_ARRAY3D_DESCRIPTOR description = {kExtent, kExtent, 0, CU_AD_FORMAT_FLOAT, 1, 0};
    CUmipmappedArray array = nullptr;
    ASSERT_CU(cuMipmappedArrayCreate(&array, &description, kLevels));
    for (unsigned i = 0; i < kLevels; ++i) {
      CUarray level = nullptr;
      ASSERT_CU(cuMipmappedArrayGetLevel(&level, array, i));
      const unsigned extent = kExtent >> i;
      std::vector<float> texels;
      for (unsigned k = 0; k < extent * extent; ++k) texels.push_back(value(i, k % extent));
      ASSERT_CU(cuMemcpyHtoA(level, 0, texels.data(), texels.size() * sizeof(float)));
    }
    resource_.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
    resource_.res.mipmap.hMipmappedArray = array;
  }

  /// In the middle. The gradients are the distances to the next places, in texels.
  float fetch(unsigned anisotropy, std::array<float, 2> first, std::array<float, 2> second,
              CUfilter_mode filter = kLinear) {
    CUDA_TEXTURE_DESC how = reading(kClamp, filter, CU_TRSF_NORMALIZED_COORDINATES);
    how.mipmapFilterMode = kLinear;
    how.maxMipmapLevelClamp = kLevels;
    how.maxAnisotropy = anisotropy;
    CUtexObject texture = 0;
    EXPECT_CU(cuTexObjectCreate(&texture, &resource_, &how, nullptr));
    const auto part = [](float texels) { return bits(texels / kExtent); };
    const Words words = run(
        "tex.grad.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}], {%a2, %a3}, "
        "{%a4, %a5};",
        texture,
        {bits(0.5f), bits(0.5f), part(first[0]), part(first[1]), part(second[0]), part(second[1])});
    return std::bit_cast<float>(words[0]);
  }

  CUDA_RESOURCE_DESC resource_ = {};
};

float level_number(unsigned level, unsigned) {
  return static_cast<float>(level);
}

TEST_F(Anisotropy, OfOneIsNone) {
  fill(level_number);
  EXPECT_EQ(fetch(0, {4, 0}, {0, 1}), 2.0f);
  EXPECT_EQ(fetch(1, {4, 0}, {0, 1}), 2.0f);
}

TEST_F(Anisotropy, TakesTheLevelOfTheWidth) {
  fill(level_number);
  EXPECT_EQ(fetch(16, {4, 0}, {0, 1}), 0.0f);
  EXPECT_EQ(fetch(16, {0, 2}, {8, 0}), 1.0f) << "the second gradient is the longer one";
  EXPECT_EQ(fetch(16, {0, 4}, {4, 0}), 2.0f) << "as long as wide";
}

TEST_F(Anisotropy, IsLimited) {
  fill(level_number);
  EXPECT_EQ(fetch(2, {8, 0}, {0, 1}), 2.0f);
  EXPECT_EQ(fetch(4, {8, 0}, {0, 1}), 1.0f);
  EXPECT_EQ(fetch(4, {8, 0}, {0, 0}), 1.0f) << "no width at all";
  EXPECT_EQ(fetch(99, {32, 0}, {0, 0}), 1.0f) << "16 is the most";
}

TEST_F(Anisotropy, IsThatOfLinearFilters) {
  fill(level_number);
  EXPECT_EQ(fetch(16, {4, 0}, {0, 1}, kPoint), 2.0f);
}

TEST_F(Anisotropy, LeavesWhatIsUniform) {
  fill([](unsigned, unsigned) { return 3.0f; });
  for (unsigned anisotropy = 1; anisotropy <= 16; ++anisotropy)
    EXPECT_EQ(fetch(anisotropy, {11, 0.3f}, {0, 0.7f}), 3.0f) << anisotropy;
}

TEST_F(Anisotropy, CoversTheLengthEvenly) {
  fill([](unsigned level, unsigned column) {
    return level == 0 ? static_cast<float>(column) : NAN;
  });
  EXPECT_NEAR(fetch(16, {4, 0}, {0, 1}), 7.5f, 1 / 256.0f) << "a slope has its value in the middle";
  fill([](unsigned level, unsigned column) {
    return level == 0 ? static_cast<float>(column == 6 || column == 9) : NAN;
  });
  EXPECT_EQ(fetch(16, {1, 0}, {0, 1}), 0.0f);
  EXPECT_GT(fetch(16, {4, 0}, {0, 1}), 0.0f) << "what is further out along the length counts";
  EXPECT_EQ(fetch(16, {0, 4}, {1, 0}), 0.0f) << "but not across it";
}

TEST_F(Anisotropy, TakesGradientsThatAreNoNumbers) {
  fill(level_number);
  EXPECT_EQ(fetch(16, {NAN, 0}, {0, 1}), fetch(1, {NAN, 0}, {0, 1}));
  EXPECT_EQ(fetch(16, {INFINITY, 0}, {0, 1}), fetch(1, {INFINITY, 0}, {0, 1}));
}

}  // namespace
