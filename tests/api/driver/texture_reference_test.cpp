// Texture and surface references: variables of a module that stand for what was bound to them when
// a kernel is launched.

#include <array>
#include <string>

#include "texture_run.h"

namespace {

constexpr const char* kHead = ".version 8.0\n.target sm_80\n.address_size 64\n";
constexpr const char* kFetchImage =
    ".global .texref image;\n"
    ".visible .entry run(.param .u64 out, .param .f32 x) {\n"
    ".reg .b64 %out;\n.reg .f32 %f<6>;\n"
    "ld.param.u64 %out, [out];\nld.param.f32 %f4, [x];\nmov.f32 %f5, 0.5;\n"
    "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, {%f4, %f5}];\n"
    "st.global.v4.f32 [%out], {%f0, %f1, %f2, %f3};\nret;\n}\n";
constexpr auto kPoint = CU_TR_FILTER_MODE_POINT;
constexpr auto kLinear = CU_TR_FILTER_MODE_LINEAR;

CUDA_ARRAY3D_DESCRIPTOR row_of_floats(size_t width, unsigned flags = 0) {
  return {width, 1, 0, CU_AD_FORMAT_FLOAT, 1, flags};
}

class Reference : public TextureFixture {
 protected:
  void SetUp() override {
    TextureFixture::SetUp();
    ASSERT_CU(cuMemAlloc(&out_, 64 * sizeof(float)));
    ASSERT_CU(cuMemsetD8(out_, 0, 64 * sizeof(float)));
  }

  /// A program with the kernel `run(out, x)`.
  void load(const std::string& text) {
    ASSERT_CU(cuModuleLoadData(&module_, (kHead + text).c_str()));
    ASSERT_CU(cuModuleGetFunction(&function_, module_, "run"));
  }
  void load_image(const std::string& text = kFetchImage) {
    load(text);
    ASSERT_CU(cuModuleGetTexRef(&image_, module_, "image"));
  }
  CUresult launch(float x, unsigned threads = 1) {
    void* parameters[] = {&out_, &x};
    return cuLaunchKernel(function_, 1, 1, 1, threads, 1, 1, 0, nullptr, parameters, nullptr);
  }
  std::array<float, 64> result() {
    std::array<float, 64> found = {};
    EXPECT_CU(cuMemcpyDtoH(found.data(), out_, sizeof found));
    return found;
  }
  float fetch(float x) {
    EXPECT_CU(launch(x));
    return result()[0];
  }

  CUmodule module_ = nullptr;
  CUfunction function_ = nullptr;
  CUtexref image_ = nullptr;
  CUdeviceptr out_ = 0;
};

TEST_F(Reference, StandsForTheArrayThatIsBound) {
  load_image();
  CUarray first = make_array(row_of_floats(2), std::vector<float>{3, 4});
  CUarray second = make_array(row_of_floats(2), std::vector<float>{5, 6});
  ASSERT_CU(cuTexRefSetArray(image_, first, CU_TRSA_OVERRIDE_FORMAT));
  EXPECT_EQ(fetch(1.5f), 4.0f);
  ASSERT_CU(cuTexRefSetArray(image_, second, CU_TRSA_OVERRIDE_FORMAT));
  EXPECT_EQ(fetch(1.5f), 6.0f);
  CUarray found = nullptr;
  EXPECT_CU(cuTexRefGetArray(&found, image_));
  EXPECT_EQ(found, second);
}

TEST_F(Reference, OfALaunchIsWhatWasBoundThen) {
  load_image();
  CUarray array = make_array(row_of_floats(2), std::vector<float>{3, 4});
  ASSERT_CU(cuTexRefSetArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  ASSERT_CU(launch(0.5f));
  ASSERT_CU(cuTexRefSetAddress(nullptr, image_, 0, 0));
  EXPECT_EQ(result()[0], 3.0f);
  EXPECT_CU(launch(0.5f));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS) << "nothing is bound";
}

TEST_F(Reference, IsReadAsItWasSet) {
  load_image();
  CUarray array = make_array(row_of_floats(2), std::vector<float>{0, 8});
  ASSERT_CU(cuTexRefSetArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  EXPECT_EQ(fetch(1.25f), 8.0f);
  ASSERT_CU(cuTexRefSetFilterMode(image_, kLinear));
  EXPECT_EQ(fetch(1.25f), 6.0f);
  ASSERT_CU(cuTexRefSetFlags(image_, CU_TRSF_NORMALIZED_COORDINATES));
  ASSERT_CU(cuTexRefSetFilterMode(image_, kPoint));
  ASSERT_CU(cuTexRefSetAddressMode(image_, 0, CU_TR_ADDRESS_MODE_WRAP));
  EXPECT_EQ(fetch(0.75f), 8.0f);
  EXPECT_EQ(fetch(1.25f), 0.0f) << "wraps";
  float border[4] = {7, 0, 0, 0};
  ASSERT_CU(cuTexRefSetAddressMode(image_, 0, CU_TR_ADDRESS_MODE_BORDER));
  ASSERT_CU(cuTexRefSetBorderColor(image_, border));
  EXPECT_EQ(fetch(1.25f), 7.0f);
}

TEST_F(Reference, AnswersWhatWasSet) {
  load_image();
  CUfilter_mode filter = kPoint;
  CUaddress_mode mode = CU_TR_ADDRESS_MODE_WRAP;
  CUarray_format format = CU_AD_FORMAT_HALF;
  int channels = 0, anisotropy = 0;
  unsigned flags = 0;
  float bias = 0, least = 0, greatest = 0;
  ASSERT_CU(cuTexRefSetFilterMode(image_, kLinear));
  EXPECT_CU(cuTexRefGetFilterMode(&filter, image_));
  EXPECT_EQ(filter, kLinear);
  EXPECT_CU(cuTexRefGetAddressMode(&mode, image_, 2));
  EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_CLAMP);
  EXPECT_EQ(cuTexRefGetAddressMode(&mode, image_, 3), CUDA_ERROR_INVALID_VALUE);
  ASSERT_CU(cuTexRefSetFormat(image_, CU_AD_FORMAT_UNSIGNED_INT8, 4));
  EXPECT_CU(cuTexRefGetFormat(&format, &channels, image_));
  EXPECT_EQ(format, CU_AD_FORMAT_UNSIGNED_INT8);
  EXPECT_EQ(channels, 4);
  ASSERT_CU(cuTexRefSetFlags(image_, CU_TRSF_READ_AS_INTEGER));
  EXPECT_CU(cuTexRefGetFlags(&flags, image_));
  EXPECT_EQ(flags, unsigned{CU_TRSF_READ_AS_INTEGER});
  ASSERT_CU(cuTexRefSetMaxAnisotropy(image_, 4));
  EXPECT_CU(cuTexRefGetMaxAnisotropy(&anisotropy, image_));
  EXPECT_EQ(anisotropy, 4);
  ASSERT_CU(cuTexRefSetMipmapLevelBias(image_, 0.5f));
  EXPECT_CU(cuTexRefGetMipmapLevelBias(&bias, image_));
  EXPECT_EQ(bias, 0.5f);
  ASSERT_CU(cuTexRefSetMipmapLevelClamp(image_, 1, 2));
  EXPECT_CU(cuTexRefGetMipmapLevelClamp(&least, &greatest, image_));
  EXPECT_EQ(least, 1.0f);
  EXPECT_EQ(greatest, 2.0f);
  CUarray array = nullptr;
  EXPECT_EQ(cuTexRefGetArray(&array, image_), CUDA_ERROR_INVALID_VALUE) << "none is bound";
}

TEST_F(Reference, BeginsAsItsDeclarationSays) {
  load_image(std::string(".global .texref other = {normalized_coords = 1, filter_mode = linear, "
                         "addr_mode_0 = wrap, addr_mode_1 = mirror};\n") +
             kFetchImage);
  CUtexref other = nullptr;
  ASSERT_CU(cuModuleGetTexRef(&other, module_, "other"));
  CUfilter_mode filter = kPoint;
  CUaddress_mode mode = CU_TR_ADDRESS_MODE_BORDER;
  unsigned flags = 0;
  EXPECT_CU(cuTexRefGetFilterMode(&filter, other));
  EXPECT_EQ(filter, kLinear);
  EXPECT_CU(cuTexRefGetAddressMode(&mode, other, 0));
  EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_WRAP);
  EXPECT_CU(cuTexRefGetAddressMode(&mode, other, 1));
  EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_MIRROR);
  EXPECT_CU(cuTexRefGetFlags(&flags, other));
  EXPECT_EQ(flags, unsigned{CU_TRSF_NORMALIZED_COORDINATES});
}

TEST_F(Reference, ReadsMemoryInTheFormatThatWasSet) {
  load_image(
      ".global .texref image;\n.visible .entry run(.param .u64 out, .param .f32 x) {\n"
      ".reg .b64 %out;\n.reg .f32 %x;\n.reg .s32 %i;\n.reg .f32 %f<4>;\n"
      "ld.param.u64 %out, [out];\nld.param.f32 %x, [x];\ncvt.rzi.s32.f32 %i, %x;\n"
      "tex.1d.v4.f32.s32 {%f0, %f1, %f2, %f3}, [image, {%i}];\n"
      "st.global.v4.f32 [%out], {%f0, %f1, %f2, %f3};\nret;\n}\n");
  CUdeviceptr memory = 0, found = 0;
  ASSERT_CU(cuMemAlloc(&memory, 2048));
  std::vector<std::uint8_t> bytes(2048);
  bytes[6] = 255, bytes[7] = 51;
  ASSERT_CU(cuMemcpyHtoD(memory, bytes.data(), bytes.size()));
  ASSERT_CU(cuTexRefSetFormat(image_, CU_AD_FORMAT_UNSIGNED_INT8, 2));
  size_t offset = 77;
  ASSERT_CU(cuTexRefSetAddress(&offset, image_, memory, 2048));
  EXPECT_EQ(offset, 0u);
  EXPECT_EQ(fetch(3), 1.0f);
  EXPECT_EQ(result()[1], 0.2f);
  EXPECT_EQ(fetch(-1), 0.0f) << "outside";
  EXPECT_CU(cuTexRefGetAddress(&found, image_));
  EXPECT_EQ(found, memory);
  ASSERT_CU(cuTexRefSetAddress(&offset, image_, memory + 6, 100));
  EXPECT_EQ(offset, 6u) << "bytes to add to coordinates";
  EXPECT_EQ(fetch(3), 1.0f);
  EXPECT_EQ(cuTexRefSetAddress(nullptr, image_, memory + 6, 100), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexRefSetAddress(&offset, image_, memory, 1 << 30), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Reference, ReadsRowsOfMemory) {
  load_image();
  CUdeviceptr memory = 0;
  ASSERT_CU(cuMemAlloc(&memory, 64));
  const std::vector<float> texels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  ASSERT_CU(cuMemcpyHtoD(memory, texels.data(), 64));
  const CUDA_ARRAY_DESCRIPTOR plane = {3, 2, CU_AD_FORMAT_FLOAT, 1};
  ASSERT_CU(cuTexRefSetAddress2D(image_, &plane, memory, 32));
  EXPECT_EQ(fetch(1.5f), 2.0f);
  EXPECT_EQ(fetch(9.0f), 3.0f) << "clamped to the width";
  EXPECT_EQ(cuTexRefSetAddress2D(image_, &plane, memory + 4, 32), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Reference, ReadsLevels) {
  load_image(
      ".global .texref image;\n.visible .entry run(.param .u64 out, .param .f32 x) {\n"
      ".reg .b64 %out;\n.reg .f32 %f<6>;\n"
      "ld.param.u64 %out, [out];\nld.param.f32 %f4, [x];\nmov.f32 %f5, 0.5;\n"
      "tex.level.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, {%f5, %f5}], %f4;\n"
      "st.global.v4.f32 [%out], {%f0, %f1, %f2, %f3};\nret;\n}\n");
  const CUDA_ARRAY3D_DESCRIPTOR description = {2, 2, 0, CU_AD_FORMAT_FLOAT, 1, 0};
  CUmipmappedArray array = nullptr, found = nullptr;
  ASSERT_CU(cuMipmappedArrayCreate(&array, &description, 2));
  for (unsigned i = 0; i < 2; ++i) {
    CUarray level = nullptr;
    ASSERT_CU(cuMipmappedArrayGetLevel(&level, array, i));
    const std::vector<float> texels(4, static_cast<float>(i + 1));
    ASSERT_CU(cuMemcpyHtoA(level, 0, texels.data(), i == 0 ? 16 : 4));
  }
  ASSERT_CU(cuTexRefSetMipmappedArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  ASSERT_CU(cuTexRefSetFlags(image_, CU_TRSF_NORMALIZED_COORDINATES));
  ASSERT_CU(cuTexRefSetMipmapFilterMode(image_, kLinear));
  ASSERT_CU(cuTexRefSetMipmapLevelClamp(image_, 0, 1));
  EXPECT_EQ(fetch(0.25f), 1.25f);
  EXPECT_EQ(fetch(1), 2.0f);
  EXPECT_CU(cuTexRefGetMipmappedArray(&found, image_));
  EXPECT_EQ(found, array);
}

// Each of 32 threads fetches a texel of its own: what one vector of lanes does at once.
TEST_F(Reference, IsFetchedFromByManyThreads) {
  load_image(
      ".global .texref image;\n.visible .entry run(.param .u64 out, .param .f32 x) {\n"
      ".reg .b64 %out, %at;\n.reg .b32 %t;\n.reg .f32 %f<6>;\n"
      "ld.param.u64 %out, [out];\nmov.u32 %t, %tid.x;\ncvt.rn.f32.u32 %f4, %t;\n"
      "mov.f32 %f5, 0.5;\n"
      "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, {%f4, %f5}];\n"
      "mul.wide.u32 %at, %t, 4;\nadd.u64 %at, %at, %out;\nst.global.f32 [%at], %f0;\nret;\n}\n");
  std::vector<float> texels;
  for (int i = 0; i < 32; ++i) texels.push_back(static_cast<float>(i * i));
  CUarray array = make_array(row_of_floats(32), texels);
  ASSERT_CU(cuTexRefSetArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  ASSERT_CU(launch(0, 32));
  for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(result()[i], texels[i]) << "thread " << i;
}

TEST_F(Reference, ThatCannotBeReadLeavesOtherKernelsAlone) {
  load_image(std::string(kFetchImage) + ".visible .entry nothing() { ret; }\n");
  CUarray integers = make_array({2, 1, 0, CU_AD_FORMAT_SIGNED_INT32, 1, 0}, std::vector<int>(2));
  ASSERT_CU(cuTexRefSetArray(image_, integers, CU_TRSA_OVERRIDE_FORMAT));
  ASSERT_CU(cuTexRefSetFilterMode(image_, kLinear));
  CUfunction nothing = nullptr;
  ASSERT_CU(cuModuleGetFunction(&nothing, module_, "nothing"));
  EXPECT_CU(cuLaunchKernel(nothing, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_CU(launch(0));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Reference, IsFoundByItsNameAndKind) {
  load_image(std::string(".global .surfref target;\n.global .u64 number;\n") + kFetchImage);
  CUtexref texture = nullptr;
  CUsurfref surface = nullptr;
  EXPECT_EQ(cuModuleGetTexRef(&texture, module_, "target"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleGetTexRef(&texture, module_, "number"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleGetTexRef(&texture, module_, "nothing"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleGetSurfRef(&surface, module_, "image"), CUDA_ERROR_NOT_FOUND);
  EXPECT_CU(cuModuleGetTexRef(&texture, module_, "image"));
  EXPECT_EQ(texture, image_);
  EXPECT_CU(cuParamSetTexRef(function_, CU_PARAM_TR_DEFAULT, image_));
  EXPECT_EQ(cuTexRefDestroy(image_), CUDA_ERROR_INVALID_VALUE) << "it is the module's";
}

TEST_F(Reference, OfNoModuleLivesUntilItIsDestroyed) {
  CUtexref made = nullptr;
  ASSERT_CU(cuTexRefCreate(&made));
  EXPECT_CU(cuTexRefSetFilterMode(made, kLinear));
  EXPECT_CU(cuTexRefDestroy(made));
  EXPECT_EQ(cuTexRefSetFilterMode(made, kLinear), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Reference, EndsWithItsModule) {
  load_image();
  ASSERT_CU(cuModuleUnload(module_));
  EXPECT_EQ(cuTexRefSetFilterMode(image_, kLinear), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Reference, RefusesWhatIsNoMode) {
  load_image();
  EXPECT_EQ(cuTexRefSetFilterMode(image_, static_cast<CUfilter_mode>(9)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexRefSetAddressMode(image_, 0, static_cast<CUaddress_mode>(9)),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexRefSetFlags(image_, 0x8000), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexRefSetFormat(image_, CU_AD_FORMAT_FLOAT, 3), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuTexRefSetArray(image_, nullptr, CU_TRSA_OVERRIDE_FORMAT), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Reference, OfASurfaceIsStoredTo) {
  load(
      ".global .surfref target;\n.visible .entry run(.param .u64 out, .param .f32 x) {\n"
      ".reg .f32 %x;\n.reg .b32 %r<3>;\n.reg .b64 %out;\n"
      "ld.param.f32 %x, [x];\nld.param.u64 %out, [out];\nmov.b32 %r0, 4;\nmov.b32 %r1, 0;\n"
      "sust.b.2d.b32.trap [target, {%r0, %r1}], {%x};\n"
      "suq.width.b32 %r2, [target];\nst.global.u32 [%out], %r2;\nret;\n}\n");
  CUsurfref target = nullptr;
  CUarray found = nullptr;
  ASSERT_CU(cuModuleGetSurfRef(&target, module_, "target"));
  EXPECT_EQ(cuSurfRefGetArray(&found, target), CUDA_ERROR_INVALID_VALUE);
  CUarray plain = make_array(row_of_floats(2), std::vector<float>{1, 2});
  EXPECT_EQ(cuSurfRefSetArray(target, plain, 0), CUDA_ERROR_INVALID_VALUE);
  CUarray array = make_array(row_of_floats(2, CUDA_ARRAY3D_SURFACE_LDST), std::vector<float>{1, 2});
  ASSERT_CU(cuSurfRefSetArray(target, array, 0));
  ASSERT_CU(launch(5));
  float texels[2] = {};
  ASSERT_CU(cuMemcpyAtoH(texels, array, 0, sizeof texels));
  EXPECT_EQ(texels[0], 1.0f);
  EXPECT_EQ(texels[1], 5.0f);
  EXPECT_EQ(bits(result()[0]), 2u) << "the width";
  EXPECT_CU(cuSurfRefGetArray(&found, target));
  EXPECT_EQ(found, array);
}

// --- Samplers apart from textures

constexpr const char* kIndependent =
    ".version 8.0\n.target sm_80, texmode_independent\n.address_size 64\n";

std::string fetch_with(const std::string& samplers, const std::string& choice) {
  return std::string(kIndependent) + ".global .texref image = {normalized_coords = 1};\n" +
         samplers +
         ".visible .entry run(.param .u64 out, .param .f32 x) {\n"
         ".reg .b64 %out, %at, %s, %s1;\n.reg .b32 %t, %odd;\n.reg .pred %p;\n.reg .f32 %f<6>;\n"
         "ld.param.u64 %out, [out];\nld.param.f32 %f4, [x];\nmov.f32 %f5, 0.5;\n"
         "mov.u32 %t, %tid.x;\nand.b32 %odd, %t, 1;\nsetp.ne.u32 %p, %odd, 0;\n" +
         choice +
         "mul.wide.u32 %at, %t, 4;\nadd.u64 %at, %at, %out;\nst.global.f32 [%at], %f0;\nret;\n}\n";
}

TEST_F(Reference, IsReadByASamplerApart) {
  const std::string text =
      fetch_with(".global .samplerref wrapped = {addr_mode_0 = wrap, filter_mode = nearest};\n",
                 "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, wrapped, {%f4, %f5}];\n");
  ASSERT_CU(cuModuleLoadData(&module_, text.c_str()));
  ASSERT_CU(cuModuleGetFunction(&function_, module_, "run"));
  ASSERT_CU(cuModuleGetTexRef(&image_, module_, "image"));
  CUarray array = make_array(row_of_floats(2), std::vector<float>{3, 4});
  ASSERT_CU(cuTexRefSetArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  EXPECT_EQ(fetch(1.25f), 3.0f);
  EXPECT_EQ(fetch(0.75f), 4.0f);
}

TEST_F(Reference, IsReadByOneSamplerOfEvenAndAnotherOfOddThreads) {
  const std::string text = fetch_with(
      ".global .samplerref texels = {addr_mode_0 = clamp_to_edge, filter_mode = linear,\n"
      " force_unnormalized_coords = 1};\n"
      ".global .samplerref mirrored = {addr_mode_0 = mirror, filter_mode = nearest};\n",
      "mov.u64 %s, texels;\nmov.u64 %s1, mirrored;\nselp.b64 %s, %s1, %s, %p;\n"
      "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, %s, {%f4, %f5}];\n");
  ASSERT_CU(cuModuleLoadData(&module_, text.c_str()));
  ASSERT_CU(cuModuleGetFunction(&function_, module_, "run"));
  ASSERT_CU(cuModuleGetTexRef(&image_, module_, "image"));
  CUarray array = make_array(row_of_floats(2), std::vector<float>{0, 8});
  ASSERT_CU(cuTexRefSetArray(image_, array, CU_TRSA_OVERRIDE_FORMAT));
  ASSERT_CU(launch(1.25f, 32));
  const auto found = result();
  for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(found[i], i % 2 == 0 ? 6.0f : 8.0f) << "thread " << i;
}

TEST_F(Reference, AnswersOfASamplerWhatItIs) {
  const std::string text = fetch_with(
      ".global .samplerref texels = {addr_mode_0 = clamp_to_edge, addr_mode_1 = clamp_to_border,\n"
      " filter_mode = linear, force_unnormalized_coords = 1};\n"
      ".global .samplerref mirrored = {addr_mode_0 = mirror, addr_mode_1 = wrap,\n"
      " filter_mode = nearest};\n",
      ".reg .b32 %q<6>;\n"
      "txq.addr_mode_0.b32 %q0, [texels];\ntxq.addr_mode_1.b32 %q1, [texels];\n"
      "txq.filter_mode.b32 %q2, [texels];\ntxq.force_unnormalized_coords.b32 %q3, [texels];\n"
      "txq.addr_mode_0.b32 %q4, [mirrored];\n"
      "txq.force_unnormalized_coords.b32 %q5, [mirrored];\n"
      "mad.lo.u32 %q0, %q0, 10, %q1;\nmad.lo.u32 %q0, %q0, 10, %q2;\n"
      "mad.lo.u32 %q0, %q0, 10, %q3;\nmad.lo.u32 %q0, %q0, 10, %q4;\n"
      "mad.lo.u32 %q0, %q0, 10, %q5;\ncvt.rn.f32.u32 %f0, %q0;\n");
  ASSERT_CU(cuModuleLoadData(&module_, text.c_str()));
  ASSERT_CU(cuModuleGetFunction(&function_, module_, "run"));
  EXPECT_EQ(fetch(0), 341110.0f);
}

TEST_F(Reference, OfAParameterIsTheHandleThatIsPassed) {
  const std::string text =
      std::string(kIndependent) +
      ".global .samplerref point = {addr_mode_0 = clamp_to_edge, filter_mode = nearest,\n"
      " force_unnormalized_coords = 1};\n"
      ".visible .entry run(.param .u64 out, .param .texref image, .param .surfref surface) {\n"
      ".reg .b64 %out;\n.reg .f32 %f<4>;\n.reg .b32 %r<2>;\n"
      "ld.param.u64 %out, [out];\n"
      "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [image, point, {0f3FC00000, 0f3F000000}];\n"
      "suld.b.2d.b32.trap %r0, [surface, {4, 0}];\n"
      "txq.width.b32 %r1, [image];\n"
      "st.global.f32 [%out], %f0;\nst.global.u32 [%out+4], %r0;\n"
      "cvt.rn.f32.u32 %f1, %r1;\nst.global.f32 [%out+8], %f1;\nret;\n}\n";
  ASSERT_CU(cuModuleLoadData(&module_, text.c_str()));
  ASSERT_CU(cuModuleGetFunction(&function_, module_, "run"));
  CUDA_RESOURCE_DESC resource = {};
  resource.resType = CU_RESOURCE_TYPE_ARRAY;
  resource.res.array.hArray =
      make_array(row_of_floats(2, CUDA_ARRAY3D_SURFACE_LDST), std::vector<float>{3, 4});
  CUDA_TEXTURE_DESC reading = {};
  CUtexObject image = 0;
  CUsurfObject surface = 0;
  ASSERT_CU(cuTexObjectCreate(&image, &resource, &reading, nullptr));
  ASSERT_CU(cuSurfObjectCreate(&surface, &resource));
  void* parameters[] = {&out_, &image, &surface};
  ASSERT_CU(cuLaunchKernel(function_, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr));
  const auto found = result();
  EXPECT_EQ(found[0], 4.0f);
  EXPECT_EQ(found[1], 4.0f);
  EXPECT_EQ(found[2], 2.0f);
}

}  // namespace
