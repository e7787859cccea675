// What texture instructions return. Expected values follow from the formulas of the CUDA C++
// programming guide, appendix "Texture Fetching", and are exact.

#include <cmath>

#include "texture_run.h"

namespace {

using Texture = TextureFixture;

constexpr auto kClamp = CU_TR_ADDRESS_MODE_CLAMP;
constexpr auto kPoint = CU_TR_FILTER_MODE_POINT;
constexpr auto kLinear = CU_TR_FILTER_MODE_LINEAR;
constexpr unsigned kNormalized = CU_TRSF_NORMALIZED_COORDINATES;

CUDA_ARRAY3D_DESCRIPTOR float_array(size_t width, size_t height = 0, size_t depth = 0,
                                    unsigned flags = 0) {
  return {width, height, depth, CU_AD_FORMAT_FLOAT, 1, flags};
}

TEST_F(Texture, PointTakesTheTexelOfTheCoordinate) {
  CUarray array = make_array(float_array(3, 2), std::vector<float>{10, 11, 12, 20, 21, 22});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  EXPECT_EQ(run(kFetch2D, texture, {bits(1.9f), bits(1.0f)}), floats(21, 0, 0, 1));
  EXPECT_EQ(run(kFetch2D, texture, {bits(-5.0f), bits(0.5f)}), floats(10, 0, 0, 1));
  EXPECT_EQ(run(kFetch2D, texture, {bits(INFINITY), bits(9.0f)}), floats(22, 0, 0, 1));
}

TEST_F(Texture, LinearWeighsByEightBits) {
  CUarray array = make_array(float_array(2), std::vector<float>{0, 256});
  CUtexObject texture = make_texture(array, reading(kClamp, kLinear));
  EXPECT_EQ(run(kFetch1D, texture, {bits(0.8f)})[0], bits(77)) << "0.3 is 76.8 / 256";
  EXPECT_EQ(run(kFetch1D, texture, {bits(1.0f)})[0], bits(128));
  EXPECT_EQ(run(kFetch1D, texture, {bits(1.499f)})[0], bits(256)) << "the weight rounds to 1";
  EXPECT_EQ(run(kFetch1D, texture, {bits(0.25f)})[0], bits(0));
}

TEST_F(Texture, LinearInThreeDimensionsWeighsEightTexels) {
  CUarray array =
      make_array(float_array(2, 2, 2), std::vector<float>{0, 8, 16, 24, 64, 72, 80, 88});
  CUtexObject texture = make_texture(array, reading(kClamp, kLinear));
  const char* fetch = "tex.3d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a2}];";
  EXPECT_EQ(run(fetch, texture, {bits(0.75f), bits(1.0f), bits(1.25f)})[0], bits(2 + 8 + 48));
}

struct Mode {
  CUaddress_mode mode;
  float at[6];  // texels 1 2 3 4 at -0.375, -0.125, 0.125, 1.125, 1.375, 2.625
};

TEST_F(Texture, AddressModesSayWhatLiesOutside) {
  const Mode kModes[] = {{CU_TR_ADDRESS_MODE_WRAP, {3, 4, 1, 1, 2, 3}},
                         {CU_TR_ADDRESS_MODE_CLAMP, {1, 1, 1, 4, 4, 4}},
                         {CU_TR_ADDRESS_MODE_MIRROR, {2, 1, 1, 4, 3, 3}},
                         {CU_TR_ADDRESS_MODE_BORDER, {7, 7, 1, 7, 7, 7}}};
  const float kAt[] = {-0.375f, -0.125f, 0.125f, 1.125f, 1.375f, 2.625f};
  CUarray array = make_array(float_array(4), std::vector<float>{1, 2, 3, 4});
  for (const Mode& mode : kModes) {
    CUDA_TEXTURE_DESC how = reading(mode.mode, kPoint, kNormalized);
    how.borderColor[0] = 7;
    CUtexObject texture = make_texture(array, how);
    for (unsigned i = 0; i < 6; ++i)
      EXPECT_EQ(run(kFetch1D, texture, {bits(kAt[i])})[0], bits(mode.at[i]))
          << "mode " << mode.mode << " at " << kAt[i];
  }
}

TEST_F(Texture, WrappedNeighboursComeFromTheOtherEnd) {
  CUarray array = make_array(float_array(4), std::vector<float>{0, 1, 2, 4});
  CUtexObject texture = make_texture(array, reading(CU_TR_ADDRESS_MODE_WRAP, kLinear, kNormalized));
  EXPECT_EQ(run(kFetch1D, texture, {bits(0.0f)})[0], bits(2));
  EXPECT_EQ(run(kFetch1D, texture, {bits(1.0f)})[0], bits(2));
}

struct Format {
  CUarray_format format;
  unsigned flags;
  size_t bytes;
  std::uint64_t texel;
  Words expected;
};

TEST_F(Texture, FormatsGiveFloatsOrIntegers) {
  const Format kFormats[] = {
      {CU_AD_FORMAT_UNSIGNED_INT8, 0, 2, 0xff80, floats(128 / 255.0f, 1, 0, 1)},
      {CU_AD_FORMAT_UNSIGNED_INT8, CU_TRSF_READ_AS_INTEGER, 2, 0xff80, {128, 255, 0, 1}},
      {CU_AD_FORMAT_SIGNED_INT8, 0, 2, 0x7f80, floats(-1, 1, 0, 1)},
      {CU_AD_FORMAT_SIGNED_INT8, CU_TRSF_READ_AS_INTEGER, 2, 0x01fe, {0xfffffffe, 1, 0, 1}},
      {CU_AD_FORMAT_UNSIGNED_INT16, 0, 4, 0xffff0000, floats(0, 1, 0, 1)},
      {CU_AD_FORMAT_SIGNED_INT16, 0, 4, 0x80018000, floats(-1, -1, 0, 1)},
      {CU_AD_FORMAT_UNSIGNED_INT32, 0, 8, 0x8000000000000003, {3, 0x80000000, 0, 1}},
      {CU_AD_FORMAT_HALF, 0, 4, 0x00013c00, floats(1, 0x1p-24f, 0, 1)},
      {CU_AD_FORMAT_FLOAT, 0, 8, 0x3f80000040000000, floats(2, 1, 0, 1)},
  };
  for (const Format& format : kFormats) {
    CUarray array = make_array({1, 0, 0, format.format, 2, 0}, std::vector<std::uint8_t>{});
    ASSERT_CU(cuMemcpyHtoA(array, 0, &format.texel, format.bytes));
    CUtexObject texture = make_texture(array, reading(kClamp, kPoint, format.flags));
    EXPECT_EQ(run("tex.1d.v4.u32.s32 {%d0, %d1, %d2, %d3}, [%h, {%a0}];", texture, {0}),
              format.expected)
        << "format " << format.format << " flags " << format.flags;
  }
}

TEST_F(Texture, HalvesAreRoundedFromTheFloats) {
  CUarray array = make_array(float_array(1), std::vector<float>{1.5f});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  EXPECT_EQ(run("tex.1d.v2.f16x2.f32 {%d0, %d1}, [%h, {%a0}];", texture, {0}),
            (Words{0x00003e00, 0x3c000000, 0, 0}));
}

TEST_F(Texture, SrgbIsMadeLinearButForAlpha) {
  CUarray array = make_array({1, 0, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0},
                             std::vector<std::uint8_t>{255, 0, 128, 128});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint, CU_TRSF_SRGB));
  const Words found = run(kFetch1D, texture, {0});
  EXPECT_EQ(found[0], bits(1));
  EXPECT_EQ(found[1], bits(0));
  EXPECT_NEAR(std::bit_cast<float>(found[2]), 0.2158605f, 1e-6f);
  EXPECT_EQ(found[3], bits(128 / 255.0f));
}

TEST_F(Texture, LayersAreChosenAndNotFiltered) {
  CUarray array = make_array(float_array(2, 1, 3, CUDA_ARRAY3D_LAYERED),
                             std::vector<float>{0, 2, 10, 12, 20, 22});
  CUtexObject texture = make_texture(array, reading(kClamp, kLinear));
  const char* fetch = "tex.a2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a2}];";
  EXPECT_EQ(run(fetch, texture, {1, bits(1.0f), bits(0.5f)})[0], bits(11));
  EXPECT_EQ(run(fetch, texture, {7, bits(1.0f), bits(0.5f)})[0], bits(21)) << "the last layer";
}

TEST_F(Texture, DirectionsMeetTheFacesOfACube) {
  std::vector<float> texels;
  for (unsigned i = 0; i < 24; ++i) texels.push_back(static_cast<float>(i));
  CUarray array = make_array(float_array(2, 2, 6, CUDA_ARRAY3D_CUBEMAP), texels);
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint, kNormalized));
  const char* fetch = "tex.cube.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a3}];";
  // Along each axis, a little off to where the s and t of the face grow.
  const float kDirections[6][3] = {{1, -.5f, -.5f}, {-1, -.5f, .5f}, {.5f, 1, .5f},
                                   {.5f, -1, -.5f}, {.5f, -.5f, 1},  {-.5f, -.5f, -1}};
  for (unsigned face = 0; face < 6; ++face) {
    const float* d = kDirections[face];
    EXPECT_EQ(run(fetch, texture, {bits(d[0]), bits(d[1]), bits(d[2])})[0],
              bits(static_cast<float>(4 * face + 3)))
        << "face " << face;
    // To the other side: s and t are less.
    const unsigned axis = face / 2;
    EXPECT_EQ(run(fetch, texture,
                  {bits(axis == 0 ? d[0] : -d[0]), bits(axis == 1 ? d[1] : -d[1]),
                   bits(axis == 2 ? d[2] : -d[2])})[0],
              bits(static_cast<float>(4 * face)))
        << "face " << face;
  }
}

class Cube : public TextureFixture {
 protected:
  void make(unsigned size, const std::vector<float>& texels) {
    CUarray array = make_array(float_array(size, size, 6, CUDA_ARRAY3D_CUBEMAP), texels);
    texture_ =
        make_texture(array, reading(kClamp, kLinear, kNormalized | CU_TRSF_SEAMLESS_CUBEMAP));
  }
  float fetch(float x, float y, float z) {
    return std::bit_cast<float>(
        run("tex.cube.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a3}];", texture_,
            {bits(x), bits(y), bits(z)})[0]);
  }
  CUtexObject texture_ = 0;
};

TEST_F(Cube, WithoutSeamsBlendsFacesAtTheirEdges) {
  make(1, {12, 1, 24, 2, 48, 3});
  EXPECT_EQ(fetch(1, 0, 0), 12.0f) << "the middle of a face";
  EXPECT_EQ(fetch(1, 0, 1), 30.0f);
  EXPECT_EQ(fetch(1, 1, 0), 18.0f);
  EXPECT_EQ(fetch(0, 1, 1), 36.0f);
  EXPECT_EQ(fetch(1, 1, 1), 28.0f) << "three faces";
}

// Along each of the twelve edges, a little to either side: of different faces, the same texels.
TEST_F(Cube, WithoutSeamsIsTheSameFromBothSides) {
  std::vector<float> texels;
  for (unsigned i = 0; i < 6 * 16; ++i) texels.push_back(static_cast<float>(i * 37 % 96));
  make(4, texels);
  constexpr float kLess = 0.9999f;
  for (const auto [first, second] : {std::pair(0, 1), std::pair(0, 2), std::pair(1, 2)})
    for (unsigned signs = 0; signs < 4; ++signs)
      for (const float along : {-0.9f, -0.3f, 0.25f, 0.8f}) {
        float at[3] = {along, along, along};
        at[first] = signs & 1 ? -1 : 1;
        at[second] = signs & 2 ? -1 : 1;
        float beside[] = {at[0], at[1], at[2]};
        at[first] *= kLess;
        beside[second] *= kLess;
        EXPECT_NEAR(fetch(at[0], at[1], at[2]), fetch(beside[0], beside[1], beside[2]), 1.0f)
            << at[0] << ' ' << at[1] << ' ' << at[2];
      }
}

TEST_F(Texture, LevelsAreChosenAndBlended) {
  const CUDA_ARRAY3D_DESCRIPTOR description = float_array(4, 4);
  CUmipmappedArray array = nullptr;
  ASSERT_CU(cuMipmappedArrayCreate(&array, &description, 3));
  for (unsigned i = 0; i < 3; ++i) {
    CUarray level = nullptr;
    ASSERT_CU(cuMipmappedArrayGetLevel(&level, array, i));
    const std::vector<float> texels(16 >> (2 * i), static_cast<float>(i * 16));
    ASSERT_CU(cuMemcpyHtoA(level, 0, texels.data(), texels.size() * 4));
  }
  CUDA_RESOURCE_DESC resource = {};
  resource.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
  resource.res.mipmap.hMipmappedArray = array;
  CUDA_TEXTURE_DESC how = reading(kClamp, kPoint, kNormalized);
  how.mipmapFilterMode = kLinear;
  how.maxMipmapLevelClamp = 1.75f;
  CUtexObject texture = 0;
  ASSERT_CU(cuTexObjectCreate(&texture, &resource, &how, nullptr));
  const char* level = "tex.level.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}], %a2;";
  EXPECT_EQ(run(level, texture, {0, 0, bits(0.25f)})[0], bits(4));
  EXPECT_EQ(run(level, texture, {0, 0, bits(9.0f)})[0], bits(28)) << "clamped to 1.75";
  EXPECT_EQ(run(level, texture, {0, 0, bits(-1.0f)})[0], bits(0));
  EXPECT_EQ(run("tex.grad.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}], {%a2, %a3}, "
                "{%a4, %a5};",
                texture, {0, 0, bits(0.5f), 0, 0, bits(0.25f)})[0],
            bits(16))
      << "two texels of four";
  EXPECT_EQ(run("txq.level.width.b32 %d0, [%h], %a0;", texture, {1})[0], 2u);
}

TEST_F(Texture, GatherGivesFourTexelsCounterclockwise) {
  CUarray array = make_array({2, 2, 0, CU_AD_FORMAT_FLOAT, 2, CUDA_ARRAY3D_TEXTURE_GATHER},
                             std::vector<float>{1, 10, 2, 20, 3, 30, 4, 40});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  EXPECT_EQ(run("tld4.g.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}];", texture,
                {bits(1.0f), bits(1.0f)}),
            floats(30, 40, 20, 10));
}

TEST_F(Texture, PlainMemoryIsZeroOutside) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 16));
  const std::int32_t values[] = {5, 6, 7, 8};
  ASSERT_CU(cuMemcpyHtoD(memory, values, 16));
  CUDA_RESOURCE_DESC resource = {};
  resource.resType = CU_RESOURCE_TYPE_LINEAR;
  resource.res.linear = {memory, CU_AD_FORMAT_SIGNED_INT32, 1, 16};
  CUDA_TEXTURE_DESC how = reading(kClamp, kPoint, CU_TRSF_READ_AS_INTEGER);
  CUtexObject texture = 0;
  ASSERT_CU(cuTexObjectCreate(&texture, &resource, &how, nullptr));
  const char* fetch = "tex.1d.v4.s32.s32 {%d0, %d1, %d2, %d3}, [%h, {%a0}];";
  EXPECT_EQ(run(fetch, texture, {3}), (Words{8, 0, 0, 1}));
  EXPECT_EQ(run(fetch, texture, {4}), (Words{0, 0, 0, 0}));
  EXPECT_EQ(run(fetch, texture, {0xffffffff}), (Words{0, 0, 0, 0}));
}

TEST_F(Texture, IsReadThroughPitchedMemory) {
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 64));
  std::vector<float> values(16);
  values[1] = 3, values[9] = 4;
  ASSERT_CU(cuMemcpyHtoD(memory, values.data(), 64));
  CUDA_RESOURCE_DESC resource = {};
  resource.resType = CU_RESOURCE_TYPE_PITCH2D;
  resource.res.pitch2D = {memory, CU_AD_FORMAT_FLOAT, 1, 2, 2, 32};
  const CUDA_TEXTURE_DESC how = reading(kClamp, kPoint);
  CUtexObject texture = 0;
  ASSERT_CU(cuTexObjectCreate(&texture, &resource, &how, nullptr));
  EXPECT_EQ(run(kFetch2D, texture, {bits(1.0f), bits(0.0f)})[0], bits(3));
  EXPECT_EQ(run(kFetch2D, texture, {bits(8.0f), bits(8.0f)})[0], bits(4));
  resource.res.pitch2D.pitchInBytes = 4;
  EXPECT_EQ(cuTexObjectCreate(&texture, &resource, &how, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Texture, OffsetsAreTexels) {
  CUarray array = make_array(float_array(3, 2), std::vector<float>{10, 11, 12, 20, 21, 22});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  EXPECT_EQ(run("tex.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}], {%a2, %a3};", texture,
                {bits(0.5f), bits(1.5f), 2, 0xffffffff})[0],
            bits(12));
}

TEST_F(Texture, CubesOfALayeredCubemapFollowEachOther) {
  std::vector<float> texels;
  for (unsigned i = 0; i < 12; ++i) texels.push_back(static_cast<float>(i));
  CUarray array =
      make_array(float_array(1, 1, 12, CUDA_ARRAY3D_CUBEMAP | CUDA_ARRAY3D_LAYERED), texels);
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint, kNormalized));
  const char* fetch = "tex.acube.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1, %a2, %a3}];";
  EXPECT_EQ(run(fetch, texture, {1, 0, bits(-1.0f), 0})[0], bits(9));
  EXPECT_EQ(run(fetch, texture, {5, 0, 0, bits(1.0f)})[0], bits(10)) << "the last cube";
}

TEST_F(Texture, AllTexelsAreResident) {
  CUarray array = make_array(float_array(1, 1), std::vector<float>{2});
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  EXPECT_EQ(run("{ .reg .pred %p; tex.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}|%p, [%h, {%a0, %a1}];\n"
                "selp.b32 %d1, 1, 0, %p; }",
                texture, {})[1],
            1u);
}

TEST_F(Texture, TellsItsExtents) {
  CUarray array = make_array(float_array(5, 4, 3, CUDA_ARRAY3D_LAYERED), std::vector<float>(60));
  CUtexObject texture = make_texture(array, reading(kClamp, kPoint, kNormalized));
  EXPECT_EQ(run("txq.width.b32 %d0, [%h]; txq.height.b32 %d1, [%h]; txq.array_size.b32 %d2, [%h]; "
                "txq.normalized_coords.b32 %d3, [%h];",
                texture, {}),
            (Words{5, 4, 3, 1}));
}

TEST_F(Texture, ObjectsAreDescribedUntilTheyEnd) {
  CUarray array = make_array(float_array(4), std::vector<float>(4));
  CUtexObject texture = make_texture(array, reading(kClamp, kLinear));
  CUDA_RESOURCE_DESC resource = {};
  CUDA_TEXTURE_DESC how = {};
  EXPECT_CU(cuTexObjectGetResourceDesc(&resource, texture));
  EXPECT_EQ(resource.res.array.hArray, array);
  EXPECT_CU(cuTexObjectGetTextureDesc(&how, texture));
  EXPECT_EQ(how.filterMode, kLinear);
  EXPECT_EQ(cuSurfObjectDestroy(texture), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_CU(cuTexObjectDestroy(texture));
  EXPECT_EQ(cuTexObjectDestroy(texture), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Texture, RefusesWhatItCannotRead) {
  CUarray integers = make_array({4, 0, 0, CU_AD_FORMAT_SIGNED_INT32, 1, 0}, std::vector<int>(4));
  CUDA_RESOURCE_DESC resource = {};
  resource.res.array.hArray = integers;
  CUtexObject texture = 0;
  CUDA_TEXTURE_DESC how = reading(kClamp, kLinear);
  EXPECT_EQ(cuTexObjectCreate(&texture, &resource, &how, nullptr), CUDA_ERROR_INVALID_VALUE);
  how = reading(static_cast<CUaddress_mode>(9), kPoint);
  EXPECT_EQ(cuTexObjectCreate(&texture, &resource, &how, nullptr), CUDA_ERROR_INVALID_VALUE);
  resource.res.array.hArray = nullptr;
  how = reading(kClamp, kPoint);
  EXPECT_EQ(cuTexObjectCreate(&texture, &resource, &how, nullptr), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Texture, AHandleOfNothingIsAnIllegalAddress) {
  Words out = {};
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 4096));
  ASSERT_CU(cuMemsetD8(memory, 0, 4096));
  EXPECT_EQ(launch(kFetch1D, memory, {0}, &out), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Texture, AReferenceStandsForTheHandleThatItHolds) {
  CUarray array = make_array(float_array(2), std::vector<float>{3, 4});
  const CUtexObject texture = make_texture(array, reading(kClamp, kPoint));
  const char* text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.global .texref image;\n"
      ".visible .entry run(.param .u64 out) {\n.reg .b64 %out;\n.reg .f32 %f<5>;\n"
      "ld.param.u64 %out, [out];\nmov.f32 %f4, 1.0;\n"
      "tex.1d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, {%f4}];\n"
      "st.global.f32 [%out], %f0;\nret;\n}\n";
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUdeviceptr reference = 0, out = 0;
  size_t bytes = 0;
  ASSERT_CU(cuModuleLoadData(&module, text));
  ASSERT_CU(cuModuleGetFunction(&function, module, "run"));
  ASSERT_CU(cuModuleGetGlobal(&reference, &bytes, module, "image"));
  ASSERT_EQ(bytes, sizeof texture);
  ASSERT_CU(cuMemcpyHtoD(reference, &texture, bytes));
  ASSERT_CU(cuMemAlloc(&out, 4));
  void* parameters[] = {&out};
  ASSERT_CU(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr));
  float found = 0;
  ASSERT_CU(cuMemcpyDtoH(&found, out, 4));
  EXPECT_EQ(found, 4.0f);
}

TEST_F(Texture, ANullHandleIsAnIllegalAddress) {
  Words out = {};
  EXPECT_EQ(launch(kFetch1D, 0, {0}, &out), CUDA_ERROR_ILLEGAL_ADDRESS);
}

// --- Surfaces

using Surface = TextureFixture;

TEST_F(Surface, StoresAndLoadsByBytes) {
  CUarray array = make_array({4, 2, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1, CUDA_ARRAY3D_SURFACE_LDST},
                             std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CUsurfObject surface = make_surface(array);
  run("sust.b.2d.v2.b32.trap [%h, {%a0, %a1}], {%a2, %a3};", surface, {8, 1, 70, 80});
  EXPECT_EQ(run("suld.b.2d.v4.b32.trap {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}];", surface, {0, 1}),
            (Words{5, 6, 70, 80}));
  EXPECT_EQ(
      run("suld.b.2d.b8.trap %s0, [%h, {%a0, %a1}]; cvt.u32.u16 %d0, %s0;", surface, {8, 1})[0],
      70u);
  EXPECT_EQ(run("suq.width.b32 %d0, [%h]; suq.height.b32 %d1, [%h];", surface, {}),
            (Words{4, 2, 0, 0}));
}

TEST_F(Surface, BoundariesClampOrGiveZero) {
  CUarray array = make_array({4, 0, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1, CUDA_ARRAY3D_SURFACE_LDST},
                             std::vector<std::uint32_t>{1, 2, 3, 4});
  CUsurfObject surface = make_surface(array);
  EXPECT_EQ(run("suld.b.1d.b32.clamp %d0, [%h, {%a0}]; suld.b.1d.b32.clamp %d1, [%h, {%a1}];",
                surface, {400, 0xfffffff0}),
            (Words{4, 1, 0, 0}));
  EXPECT_EQ(run("suld.b.1d.b32.zero %d0, [%h, {%a0}]; suld.b.1d.b32.zero %d1, [%h, {%a1}];",
                surface, {16, 12}),
            (Words{0, 4, 0, 0}));
  run("sust.b.1d.b32.zero [%h, {%a0}], %a1;", surface, {16, 9});
  EXPECT_EQ(run("suld.b.1d.b32.trap %d0, [%h, {%a0}];", surface, {12})[0], 4u);
}

TEST_F(Surface, OutsideTraps) {
  CUarray array = make_array({4, 0, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1, CUDA_ARRAY3D_SURFACE_LDST},
                             std::vector<std::uint32_t>{1, 2, 3, 4});
  Words out = {};
  EXPECT_EQ(launch("suld.b.1d.b32.trap %d0, [%h, {%a0}];", make_surface(array), {16}, &out),
            CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(Surface, ReducesATexel) {
  CUarray array = make_array({4, 0, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1, CUDA_ARRAY3D_SURFACE_LDST},
                             std::vector<std::uint32_t>{1, 2, 0xfffffff0, 4});
  CUsurfObject surface = make_surface(array);
  run("sured.b.add.1d.u32.trap [%h, {%a0}], %a1; sured.b.min.1d.s32.trap [%h, {%a2}], %a1;",
      surface, {4, 10, 8});
  run("sured.b.max.1d.u32.trap [%h, {%a0}], %a1; sured.b.or.1d.b32.trap [%h, {%a2}], %a1;", surface,
      {0, 8, 12});
  EXPECT_EQ(run("suld.b.1d.v4.b32.trap {%d0, %d1, %d2, %d3}, [%h, {%a0}];", surface, {0}),
            (Words{8, 12, 0xfffffff0, 12}));
}

}  // namespace
