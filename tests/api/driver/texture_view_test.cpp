// Resource views: an array read in another format, and parts of its levels and layers.

#include <array>

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

// --- BC7 and BC6H

/// A block of each mode, with its texels as another decoder (Pillow 13) gives them: red is the
/// lowest byte.
struct Bc7Block {
  std::vector<std::uint32_t> words;
  std::vector<std::uint32_t> texels;
};
const Bc7Block kBc7Blocks[] = {
    {{0xcc92d33d, 0x40b2d002, 0x536e95df, 0x32833106},
     {0xff465794, 0xff2f4094, 0xffcc3c7c, 0xffc22b77, 0xff3b4c94, 0xffed738e, 0xffad086b,
      0xffc9875d, 0xffad086b, 0xffcc3c7c, 0xffb69566, 0xffef6b4a, 0xffd85083, 0xffdc7953,
      0xffb69566, 0xffef6b4a}},
    {{0x3d90fbae, 0x3170fab2, 0xd293056a, 0xf08db22f},
     {0xffc7cbef, 0xffc2c7cf, 0xff4e4560, 0xff4e4560, 0xff1e6349, 0xffa3ab0e, 0xff375455,
      0xff4e4560, 0xff424d5b, 0xff126b44, 0xffa8b02e, 0xff126b44, 0xff5a3e66, 0xff4e4560,
      0xffb2b96d, 0xffa3ab0e}},
    {{0x1d74bd1c, 0x4ad5cfbc, 0x79eaa723, 0xf3faa8e8},
     {0xffa3f7d7, 0xffdf57c6, 0xff08187b, 0xffcefff7, 0xff75efb4, 0xffad5273, 0xff9e3a28,
      0xffa3f7d7, 0xffa3f7d7, 0xfff75aef, 0xff9e3a28, 0xff4ae794, 0xff4ae794, 0xffad5273,
      0xff08187b, 0xff4ae794}},
    {{0x8ed23058, 0xffec3fee, 0x9c8052e3, 0x3ce1268c},
     {0xff66eb55, 0xff66eb55, 0xff00fc1c, 0xff25fd50, 0xff53c3d3, 0xff00fc1c, 0xff25fd50,
      0xff4dfd86, 0xff70fe18, 0xff00fc1c, 0xff72feba, 0xff25fd50, 0xff4dfd86, 0xff72feba,
      0xff25fd50, 0xff00fc1c}},
    {{0x253d9e30, 0x8e4edc90, 0xa1725102, 0xa93f32a9},
     {0xc6206ec8, 0xc6206eb9, 0x94325fbc, 0xf7107bcb, 0x634252c5, 0xc6206ec2, 0xf7107bc5,
      0xc6206ebc, 0xc6206ec5, 0xf7107bb9, 0xf7107bbf, 0x94325fb6, 0xf7107bc2, 0x94325fc5,
      0x94325fc5, 0xf7107bbc}},
    {{0x80289e20, 0x009f0016, 0xd9e2ec8d, 0x47aa2dba},
     {0x2f41225e, 0x3841225e, 0x4002003c, 0x3841225e, 0x2f824681, 0x4041225e, 0x38c168a3,
      0x2741225e, 0x3841225e, 0x3802003c, 0x38c168a3, 0x38c168a3, 0x4002003c, 0x2fc168a3,
      0x27824681, 0x2f41225e}},
    {{0x074206c0, 0xd5de6e91, 0xf5097b4f, 0x7f453a0e},
     {0xc7714e16, 0xd1885f18, 0xb9543714, 0xc7714e16, 0xc0644315, 0xdfa5751b, 0xce815918,
      0xab372111, 0xae3e2612, 0xdfa5751b, 0xbc5b3d14, 0xd48f6419, 0xce815918, 0xd1885f18,
      0xab372111, 0xc7714e16}},
    {{0x2c34bf80, 0xcadd40e9, 0xd0380cfb, 0x30f47f35},
     {0x3f829476, 0x356f8252, 0x3f829476, 0x63aa4f54, 0x86cf0c34, 0x41387149, 0x86cf0c34,
      0x1c5dd796, 0x63aa4f54, 0x356f8252, 0x41387149, 0x28a8955c, 0x1c5dd796, 0x356f8252,
      0x28a8955c, 0x1cdfa665}},
};

Words fractions(std::uint32_t texel) {
  const auto of = [&](unsigned shift) { return static_cast<float>(texel >> shift & 255) / 255; };
  return floats(of(0), of(8), of(16), of(24));
}

TEST_F(View, OfBc7HasEightModes) {
  for (const Bc7Block& block : kBc7Blocks) {
    hold(4, block.words);
    const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC7, 4, 4);
    for (unsigned i = 0; i < 16; ++i)
      EXPECT_EQ(fetch(texture, i % 4, i / 4), fractions(block.texels[i]))
          << "mode " << (&block - kBc7Blocks) << ", texel " << i;
  }
}

TEST_F(View, OfBc7MayHoldColoursOfSrgb) {
  // Mode 6: seven bits that are set of each end, and a lowest bit that is not: 254.
  hold(4, {0xffffffc0, 0x7fffffff, 0, 0});
  const Words plain = fetch(view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC7, 4, 4), 0, 0);
  const Words curved = fetch(view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC7, 4, 4, CU_TRSF_SRGB), 0, 0);
  EXPECT_EQ(plain, fractions(0xfefefefe));
  EXPECT_LT(curved[1], plain[1]);
  EXPECT_EQ(plain[3], curved[3]) << "alpha is no colour";
}

TEST_F(View, OfBc7OfNoModeIsNothing) {
  hold(4, {0xffffff00, ~0u, ~0u, ~0u});
  EXPECT_EQ(fetch(view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC7, 4, 4), 1, 1), floats(0, 0, 0, 0));
}

/// Mode 3: ten bits of each channel of each end, then an index of four bits for each texel but the
/// first's three. Red, green and blue of one end come before those of the other.
std::vector<std::uint32_t> bc6h(std::array<unsigned, 6> ends, std::uint64_t indices) {
  std::uint64_t low = 3, high = 0;
  for (unsigned i = 0; i < 6; ++i) {
    const unsigned place = 5 + 10 * i;
    low |= std::uint64_t{ends[i]} << place;
    if (place + 10 > 64) high |= ends[i] >> (64 - place);
  }
  high |= indices << 1;
  return {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
          static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)};
}

TEST_F(View, OfBc6hHasNumbersOfHalfPrecision) {
  // Index 0 of the first texel, 15 of the second, 8 of the third (34 of 64 parts).
  hold(4, bc6h({1023, 512, 0, 0, 0, 1023}, 0xf << 3 | 8 << 7));
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_UNSIGNED_BC6H, 4, 4);
  // 1023 is 0xffff, of which 31/64 are 0x7bff; 512 is (512 << 15 + 0x4000) >> 9 = 0x8020: 0x3e0f.
  EXPECT_EQ(fetch(texture, 0, 0), floats(65504, 1.5146484375f, 0, 1));
  EXPECT_EQ(fetch(texture, 1, 0), floats(0, 0, 65504, 1));
  // (30 * 0xffff + 32) >> 6 = 0x7800, of which 31/64 are 0x3a20; (34 * 0xffff + 32) >> 6 = 0x87ff:
  // 0x41df; (30 * 0x8020 + 32) >> 6 = 0x3c0f: 0x1d17.
  EXPECT_EQ(fetch(texture, 2, 0), floats(0.765625f, 1303 / 262144.0f, 2.935546875f, 1));
}

TEST_F(View, OfBc6hWithSignsIsSymmetrical) {
  // 511 and -511 are the ends of the range: 0x7fff, of which 31/32 are 0x7bff.
  hold(4, bc6h({511, 513, 0, 0, 0, 256}, 0xf << 3));
  const CUtexObject texture = view_of(CU_RES_VIEW_FORMAT_SIGNED_BC6H, 4, 4);
  EXPECT_EQ(fetch(texture, 0, 0), floats(65504, -65504, 0, 1));
  // 256 is (256 << 15 + 0x4000) >> 9 = 0x4020, of which 31/32 are 0x3e1f.
  EXPECT_EQ(fetch(texture, 1, 0), floats(0, 0, 1.5302734375f, 1));
}

}  // namespace
