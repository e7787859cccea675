// Resource views: an array read in another format, and parts of its levels and layers.

#include "texture_run.h"

namespace {

constexpr auto kClamp = CU_TR_ADDRESS_MODE_CLAMP;
constexpr auto kPoint = CU_TR_FILTER_MODE_POINT;
constexpr const char* kFetch = "tex.2d.v4.f32.s32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}];";

class View : public TextureFixture {
 protected:
  CUresult make(CUtexObject* texture, const CUDA_RESOURCE_VIEW_DESC& view, unsigned flags = 0) {
    const CUDA_TEXTURE_DESC how = reading(kClamp, kPoint, flags);
    return cuTexObjectCreate(texture, &resource_, &how, &view);
  }
  CUtexObject view_of(CUresourceViewFormat format, size_t width, size_t height,
                      unsigned flags = 0) {
    CUtexObject texture = 0;
    CUDA_RESOURCE_VIEW_DESC view = {};
    view.format = format;
    view.width = width;
    view.height = height;
    EXPECT_CU(make(&texture, view, flags));
    return texture;
  }
  /// An array of one row of integers.
  void hold(unsigned channels, const std::vector<std::uint32_t>& words) {
    resource_.resType = CU_RESOURCE_TYPE_ARRAY;
    resource_.res.array.hArray = make_array(
        {words.size() / channels, 1, 0, CU_AD_FORMAT_UNSIGNED_INT32, channels, 0}, words);
  }
  Words fetch(CUtexObject texture, std::uint32_t x, std::uint32_t y) {
    return run(kFetch, texture, {x, y});
  }

  CUDA_RESOURCE_DESC resource_ = {};
};

TEST_F(View, ReadsTexelsInAnotherFormat) {
  hold(1, {0x3f800000, 0xff000033});
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_FLOAT_1X32, 2, 1), 0, 0), floats(1, 0, 0, 1));
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_UINT_4X8, 2, 1), 1, 0), floats(0.2f, 0, 0, 1));
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_SINT_2X16, 2, 1, CU_TRSF_READ_AS_INTEGER), 1, 0),
            (Words{0x33, 0xffffff00, 0, 1}));
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_NONE, 2, 1), 1, 0), (Words{0xff000033, 0, 0, 1}));
}

TEST_F(View, IsDescribedAsItWasMade) {
  hold(1, {1, 2});
  CUDA_RESOURCE_VIEW_DESC found = {};
  EXPECT_CU(cuTexObjectGetResourceViewDesc(&found, view_of(CU_RES_VIEW_FORMAT_UINT_4X8, 2, 1)));
  EXPECT_EQ(found.format, CU_RES_VIEW_FORMAT_UINT_4X8);
  EXPECT_EQ(found.width, 2u);
  const CUtexObject whole = make_texture(resource_.res.array.hArray, reading(kClamp, kPoint));
  EXPECT_EQ(cuTexObjectGetResourceViewDesc(&found, whole), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexObjectGetResourceViewDesc(&found, 64), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(View, MustFitTheArray) {
  hold(1, {1, 2});
  CUtexObject texture = 0;
  CUDA_RESOURCE_VIEW_DESC view = {};
  view.format = CU_RES_VIEW_FORMAT_FLOAT_2X32;
  view.width = 2;
  view.height = 1;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "texels of eight bytes";
  view.format = CU_RES_VIEW_FORMAT_FLOAT_1X32;
  view.width = 3;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "wider";
  view.width = 2;
  view.lastMipmapLevel = 1;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "no such level";
  view.lastMipmapLevel = 0;
  view.lastLayer = 1;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "no such layer";
  view.lastLayer = 0;
  view.format = CU_RES_VIEW_FORMAT_UNSIGNED_BC1;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "blocks of eight bytes";
  view.format = static_cast<CUresourceViewFormat>(99);
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_NOT_SUPPORTED);
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 4096));
  resource_.resType = CU_RESOURCE_TYPE_LINEAR;
  resource_.res.linear = {memory, CU_AD_FORMAT_FLOAT, 1, 8};
  view.format = CU_RES_VIEW_FORMAT_FLOAT_1X32;
  EXPECT_EQ(make(&texture, view), CUDA_ERROR_INVALID_VALUE) << "no array";
}

TEST_F(View, TakesSomeOfTheLayers) {
  resource_.resType = CU_RESOURCE_TYPE_ARRAY;
  resource_.res.array.hArray = make_array({2, 1, 4, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_LAYERED},
                                          std::vector<float>{0, 1, 10, 11, 20, 21, 30, 31});
  CUDA_RESOURCE_VIEW_DESC view = {};
  view.width = 2;
  view.height = 1;
  view.depth = 4;
  view.firstLayer = 1;
  view.lastLayer = 2;
  CUtexObject texture = 0;
  ASSERT_CU(make(&texture, view));
  const char* fetch = "tex.a2d.v4.f32.s32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a2}];";
  EXPECT_EQ(run(fetch, texture, {0, 1, 0})[0], bits(11));
  EXPECT_EQ(run(fetch, texture, {9, 1, 0})[0], bits(21)) << "the last one of the view";
  EXPECT_EQ(run("txq.array_size.b32 %d0, [%h];", texture, {})[0], 2u);
}

TEST_F(View, TakesSomeOfTheLevels) {
  const CUDA_ARRAY3D_DESCRIPTOR description = {4, 4, 0, CU_AD_FORMAT_FLOAT, 1, 0};
  CUmipmappedArray array = nullptr;
  ASSERT_CU(cuMipmappedArrayCreate(&array, &description, 3));
  for (unsigned i = 0; i < 3; ++i) {
    CUarray level = nullptr;
    ASSERT_CU(cuMipmappedArrayGetLevel(&level, array, i));
    const std::vector<float> texels(16, static_cast<float>(i));
    ASSERT_CU(cuMemcpyHtoA(level, 0, texels.data(), std::size_t{64} >> (2 * i)));
  }
  resource_.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
  resource_.res.mipmap.hMipmappedArray = array;
  CUDA_RESOURCE_VIEW_DESC view = {};
  view.width = 4;
  view.height = 4;
  view.firstMipmapLevel = 1;
  view.lastMipmapLevel = 2;
  CUDA_TEXTURE_DESC how = reading(kClamp, kPoint, CU_TRSF_NORMALIZED_COORDINATES);
  how.maxMipmapLevelClamp = 9;
  CUtexObject texture = 0;
  ASSERT_CU(cuTexObjectCreate(&texture, &resource_, &how, &view));
  const char* fetch = "tex.level.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}], %a2;";
  EXPECT_EQ(run(fetch, texture, {0, 0, bits(0)})[0], bits(1));
  EXPECT_EQ(run(fetch, texture, {0, 0, bits(7)})[0], bits(2));
  EXPECT_EQ(run("txq.num_mipmap_levels.b32 %d0, [%h];", texture, {})[0], 2u);
}

// --- Blocks: end points red and blue, and texels 0 1 2 3 of the first row of the four choices.

constexpr std::uint32_t kRedBlue = 0x001ff800, kBlueRed = 0xf800001f;
constexpr std::uint32_t kChoices = 0xe4;

TEST_F(View, OfBc1HasTwoColoursAndTwoBetween) {
  hold(2, {kRedBlue, kChoices << 8, kBlueRed, kChoices});
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC1, 8, 4);
  EXPECT_EQ(fetch(texture, 0, 0), floats(1, 0, 0, 1));
  EXPECT_EQ(fetch(texture, 1, 1), floats(0, 0, 1, 1)) << "the second row";
  EXPECT_EQ(fetch(texture, 2, 1), floats(2 / 3.0f, 0, 1 / 3.0f, 1));
  EXPECT_EQ(fetch(texture, 3, 1), floats(1 / 3.0f, 0, 2 / 3.0f, 1));
  EXPECT_EQ(fetch(texture, 4, 0), floats(0, 0, 1, 1)) << "the second block";
  EXPECT_EQ(fetch(texture, 6, 0), floats(0.5f, 0, 0.5f, 1));
  EXPECT_EQ(fetch(texture, 7, 0), floats(0, 0, 0, 0)) << "no colour";
}

TEST_F(View, OfBc2HasAlphaOfItsOwn) {
  hold(4, {0x0000f30a, 0, kBlueRed, kChoices});
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC2, 4, 4);
  EXPECT_EQ(fetch(texture, 0, 0), floats(0, 0, 1, 10 / 15.0f));
  EXPECT_EQ(fetch(texture, 2, 0), floats(1 / 3.0f, 0, 2 / 3.0f, 0.2f)) << "always four colours";
  EXPECT_EQ(fetch(texture, 3, 0)[3], bits(1));
}

TEST_F(View, OfBc3HasAlphaBetweenTwoEnds) {
  // Ends 255 and 0; choices 0, 1, 2, 7 of the first row.
  hold(4, {0x0e8800ff, 0, kRedBlue, 0});
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC3, 4, 4);
  EXPECT_EQ(fetch(texture, 0, 0), floats(1, 0, 0, 1));
  EXPECT_EQ(fetch(texture, 1, 0)[3], bits(0));
  EXPECT_EQ(fetch(texture, 2, 0)[3], bits(6 / 7.0f));
  EXPECT_EQ(fetch(texture, 3, 0)[3], bits(1 / 7.0f));
}

TEST_F(View, OfBc4HasOneChannel) {
  // Ends -127 and 127: six choices between, and both extremes. Choices 0, 1, 6, 7.
  hold(2, {0x0f887f81, 0});
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_SIGNED_BC4, 4, 4);
  EXPECT_EQ(fetch(texture, 0, 0), floats(-1, 0, 0, 1));
  EXPECT_EQ(fetch(texture, 1, 0)[0], bits(1));
  EXPECT_EQ(fetch(texture, 2, 0)[0], bits(-1));
  EXPECT_EQ(fetch(texture, 3, 0)[0], bits(1));
  const CUtexObject without_sign = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC4, 4, 4);
  EXPECT_EQ(fetch(without_sign, 0, 0)[0], bits(129 / 255.0f));
}

TEST_F(View, OfBc5HasTwoChannels) {
  hold(4, {0x000000ff, 0, 0x00000033, 0});
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC5, 4, 4), 1, 2), floats(1, 0.2f, 0, 1));
}

TEST_F(View, OfBlocksIsFiltered) {
  hold(2, {kRedBlue, 0x11111111});  // columns of blue and red in turn
  CUDA_RESOURCE_VIEW_DESC view = {};
  view.format = CU_RES_VIEW_FORMAT_UNSIGNED_BC1;
  view.width = view.height = 4;
  const CUDA_TEXTURE_DESC how = reading(kClamp, CU_TR_FILTER_MODE_LINEAR);
  CUtexObject texture = 0;
  ASSERT_CU(cuTexObjectCreate(&texture, &resource_, &how, &view));
  EXPECT_EQ(run(kFetch2D, texture, {bits(1.25f), bits(1.0f)}), floats(0.75f, 0, 0.25f, 1));
}

}  // namespace
