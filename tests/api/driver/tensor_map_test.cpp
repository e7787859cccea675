// Tensor maps: what encoding refuses. What copies by them do is tested by tests/ptx.

#include "context_fixture.h"

namespace {

/// Arguments of a map that encodes; a test spoils one.
struct Tiled {
  CUtensorMapDataType type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  cuuint32_t rank = 2;
  std::uintptr_t address = 0x1000;
  cuuint64_t extents[5] = {64, 32, 1, 1, 1};
  cuuint64_t strides[4] = {256, 8192, 8192, 8192};
  cuuint32_t box[5] = {32, 8, 1, 1, 1};
  cuuint32_t steps[5] = {1, 1, 1, 1, 1};
  CUtensorMapInterleave interleave = CU_TENSOR_MAP_INTERLEAVE_NONE;
  CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_128B;
  CUtensorMapFloatOOBfill fill = CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE;

  CUresult encode(CUtensorMap* map) const {
    return cuTensorMapEncodeTiled(map, type, rank, reinterpret_cast<void*>(address), extents,
                                  strides, box, steps, interleave, swizzle,
                                  CU_TENSOR_MAP_L2_PROMOTION_NONE, fill);
  }
};

class TensorMap : public ContextFixture {
 protected:
  template <class Spoil>
  CUresult encode(Spoil spoil) {
    Tiled arguments;
    spoil(arguments);
    return arguments.encode(&map_);
  }
  CUtensorMap map_ = {};
};

TEST_F(TensorMap, EncodesWhatTheManualAllows) {
  EXPECT_CU(encode([](Tiled&) {}));
  EXPECT_CU(encode([](Tiled& t) { t.rank = 5; }));
  EXPECT_CU(encode([](Tiled& t) { t.extents[1] = cuuint64_t{1} << 32; }));
  EXPECT_CU(cuTensorMapReplaceAddress(&map_, reinterpret_cast<void*>(0x2000)));
}

TEST_F(TensorMap, RefusesWhatIsOutsideOfTheLimits) {
  const auto refused = [this](auto spoil) { return encode(spoil) == CUDA_ERROR_INVALID_VALUE; };
  EXPECT_EQ(Tiled().encode(nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(refused([](Tiled& t) { t.rank = 0; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.rank = 6; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.type = static_cast<CUtensorMapDataType>(99); }));
  EXPECT_TRUE(refused([](Tiled& t) { t.address = 0x1008; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.extents[0] = 0; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.extents[1] = (cuuint64_t{1} << 32) + 1; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.strides[0] = 260; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.strides[0] = cuuint64_t{1} << 40; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.box[0] = 257; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.box[0] = 3; }));   // 12 bytes
  EXPECT_TRUE(refused([](Tiled& t) { t.box[0] = 64; }));  // longer than the swizzle
  EXPECT_TRUE(refused([](Tiled& t) { t.box[1] = 0; }));
  EXPECT_TRUE(refused([](Tiled& t) { t.steps[1] = 9; }));
  EXPECT_TRUE(refused([](Tiled& t) {
    t.type = CU_TENSOR_MAP_DATA_TYPE_INT32;
    t.fill = CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA;
  }));
  EXPECT_EQ(cuTensorMapReplaceAddress(&map_, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(TensorMap, NamesWhatIsNotServed) {
  EXPECT_EQ(encode([](Tiled& t) {
              t.rank = 3;
              t.interleave = CU_TENSOR_MAP_INTERLEAVE_16B;
            }),
            CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(TensorMap, RefusesInterleavesThatTheManualForbids) {
  const auto interleaved = [this](cuuint32_t rank, CUtensorMapSwizzle swizzle, auto spoil) {
    return encode([=](Tiled& t) {
      t.rank = rank;
      t.interleave = CU_TENSOR_MAP_INTERLEAVE_32B;
      t.swizzle = swizzle;
      t.box[0] = 8;
      spoil(t);
    });
  };
  const auto as_it_is = [](Tiled&) {};
  EXPECT_EQ(interleaved(3, CU_TENSOR_MAP_SWIZZLE_32B, as_it_is), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(interleaved(2, CU_TENSOR_MAP_SWIZZLE_32B, as_it_is), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(interleaved(3, CU_TENSOR_MAP_SWIZZLE_64B, as_it_is), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(interleaved(3, CU_TENSOR_MAP_SWIZZLE_32B, [](Tiled& t) { t.address = 0x1010; }),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(interleaved(3, CU_TENSOR_MAP_SWIZZLE_32B, [](Tiled& t) { t.strides[0] = 272; }),
            CUDA_ERROR_INVALID_VALUE);
}

/// A map of packed elements that encodes.
void make_packed(Tiled& t, CUtensorMapDataType type) {
  t.type = type;
  t.extents[0] = 256;
  t.box[0] = 128;
}

TEST_F(TensorMap, EncodesPackedElements) {
  for (CUtensorMapDataType type :
       {CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B, CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B,
        CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B})
    EXPECT_CU(encode([=](Tiled& t) { make_packed(t, type); }));
}

TEST_F(TensorMap, RefusesPackedElementsThatTheManualForbids) {
  const auto refused = [this](CUtensorMapDataType type, auto spoil) {
    return encode([=](Tiled& t) {
             make_packed(t, type);
             spoil(t);
           }) == CUDA_ERROR_INVALID_VALUE;
  };
  EXPECT_TRUE(refused(CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B, [](Tiled& t) { t.extents[0] = 65; }));
  EXPECT_TRUE(refused(CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B, [](Tiled& t) { t.box[0] = 16; }));
  EXPECT_TRUE(refused(CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B, [](Tiled& t) {
    t.fill = CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA;
  }));
  for (CUtensorMapDataType type :
       {CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B, CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B}) {
    EXPECT_TRUE(refused(type, [](Tiled& t) { t.extents[0] = 192; }));
    EXPECT_TRUE(refused(type, [](Tiled& t) { t.box[0] = 64; }));
    EXPECT_TRUE(refused(type, [](Tiled& t) { t.address = 0x1010; }));
    EXPECT_TRUE(refused(type, [](Tiled& t) { t.strides[0] = 272; }));
    EXPECT_TRUE(refused(type, [](Tiled& t) { t.swizzle = CU_TENSOR_MAP_SWIZZLE_64B; }));
    EXPECT_TRUE(
        refused(type, [](Tiled& t) { t.swizzle = CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B_FLIP_8B; }));
  }
  EXPECT_TRUE(refused(CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B,
                      [](Tiled& t) { t.swizzle = CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B; }));
}

TEST_F(TensorMap, ChecksColumnsAlongTheWidth) {
  struct Wide {
    CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_128B;
    CUtensorMapIm2ColWideMode mode = CU_TENSOR_MAP_IM2COL_WIDE_MODE_W;
    CUtensorMapInterleave interleave = CU_TENSOR_MAP_INTERLEAVE_NONE;
    int lower = -1, upper = -1;
    cuuint32_t pixels = 64;
  };
  const cuuint64_t extents[] = {64, 8, 8, 2}, strides[] = {256, 2048, 16384};
  const cuuint32_t steps[] = {1, 1, 1, 1};
  const auto encode = [&](const Wide& wide) {
    return cuTensorMapEncodeIm2colWide(
        &map_, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 4, reinterpret_cast<void*>(0x1000), extents,
        strides, wide.lower, wide.upper, 32, wide.pixels, steps, wide.interleave, wide.mode,
        wide.swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  };
  EXPECT_CU(encode({}));
  EXPECT_CU(encode({.mode = CU_TENSOR_MAP_IM2COL_WIDE_MODE_W128, .pixels = 0}));
  EXPECT_CU(encode({.lower = -32768}));
  EXPECT_EQ(encode({.lower = -32769}), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode({.upper = -9}), CUDA_ERROR_INVALID_VALUE);  // nothing is left
  EXPECT_EQ(encode({.pixels = 1025}), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode({.swizzle = CU_TENSOR_MAP_SWIZZLE_NONE}), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode({.mode = static_cast<CUtensorMapIm2ColWideMode>(2)}), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode({.interleave = CU_TENSOR_MAP_INTERLEAVE_16B}), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(TensorMap, ChecksCornersOfImages) {
  const cuuint64_t extents[] = {64, 8, 8, 2}, strides[] = {256, 2048, 16384};
  const cuuint32_t steps[] = {1, 1, 1, 1};
  const auto encode = [&](int lower, int upper, cuuint32_t channels, cuuint32_t pixels) {
    const int lowers[] = {lower, -1}, uppers[] = {upper, -1};
    return cuTensorMapEncodeIm2col(&map_, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 4,
                                   reinterpret_cast<void*>(0x1000), extents, strides, lowers,
                                   uppers, channels, pixels, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                   CU_TENSOR_MAP_SWIZZLE_NONE, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  };
  EXPECT_CU(encode(-1, -1, 32, 64));
  EXPECT_EQ(encode(-129, -1, 32, 64), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode(-1, -9, 32, 64), CUDA_ERROR_INVALID_VALUE);  // nothing is left
  EXPECT_EQ(encode(-1, -1, 257, 64), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(encode(-1, -1, 32, 1025), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
