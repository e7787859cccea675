// Texture references of libcudart.so.11.0, the last runtime that has them: a program registers them
// as nvcc's host code does, and binds them.

#include "api/cudart/texture_reference.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/cudart/fatbin.h"

namespace cuda_shim::test {
namespace {

constexpr const char* kReadBytes = R"(
.version 7.0
.target sm_50
.address_size 64
.global .texref bytes;
.global .surfref target;
.visible .entry read(.param .u64 out)
{
  .reg .b64 %out;
  .reg .b32 %i;
  .reg .f32 %f<4>;
  ld.param.u64 %out, [out];
  mov.u32 %i, 2;
  tex.1d.v4.f32.s32 {%f0, %f1, %f2, %f3}, [bytes, {%i}];
  st.global.f32 [%out], %f0;
  ret;
}
)";

/// The functions of the old library, and a program that it knows.
class TextureReference : public testing::Test {
 protected:
  void SetUp() override {
    library_ = dlopen(OUR_LIBRARIES "/libcudart.so.11.0", RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
    handle_ = call<void**>("__cudaRegisterFatBinary", fatbin_.wrapper());
    call<void>("__cudaRegisterFunction", handle_, &kernel_, &kernel_, "read", -1, nullptr, nullptr,
               nullptr, nullptr, nullptr);
    call<void>("__cudaRegisterTexture", handle_, &bytes_, nullptr, "bytes", 1,
               int{cudaReadModeNormalizedFloat}, 0);
    call<void>("__cudaRegisterTexture", handle_, &lost_, nullptr, "lost", 1, 0, 0);
    call<void>("__cudaRegisterSurface", handle_, &target_, nullptr, "target", 2, 0);
    ASSERT_EQ(call<cudaError_t>("cudaMalloc", &memory_, std::size_t{1024}), cudaSuccess);
    ASSERT_EQ(call<cudaError_t>("cudaMemset", memory_, 51, std::size_t{1024}), cudaSuccess);
  }
  void TearDown() override {
    call<cudaError_t>("cudaFree", memory_);
    call<cudaError_t>("cudaGetLastError");
    call<void>("__cudaUnregisterFatBinary", handle_);
  }

  template <class Result, class... Arguments>
  Result call(const char* name, Arguments... arguments) const {
    void* function = dlsym(library_, name);
    EXPECT_NE(function, nullptr) << name;
    return reinterpret_cast<Result (*)(Arguments...)>(function)(arguments...);
  }
  cudaError_t bind(const textureReference* reference, std::size_t size) {
    return call<cudaError_t>("cudaBindTexture", &offset_, reference,
                             static_cast<const void*>(memory_), &kBytes, size);
  }
  float read() {
    float found = -1;
    char* out = static_cast<char*>(memory_) + 512;
    void* arguments[] = {&out};
    EXPECT_EQ(
        call<cudaError_t>("cudaLaunchKernel", static_cast<const void*>(&kernel_), dim3(1), dim3(1),
                          static_cast<void**>(arguments), std::size_t{0}, cudaStream_t{nullptr}),
        cudaSuccess);
    EXPECT_EQ(call<cudaError_t>("cudaMemcpy", &found, out, sizeof found, cudaMemcpyDeviceToHost),
              cudaSuccess);
    return found;
  }

  static constexpr cudaChannelFormatDesc kBytes = {8, 0, 0, 0, cudaChannelFormatKindUnsigned};
  void* library_ = nullptr;
  Fatbin fatbin_{FatbinKind::kPtx, kReadBytes};
  void** handle_ = nullptr;
  char kernel_ = 0;
  textureReference bytes_ = {}, lost_ = {};
  surfaceReference target_ = {};
  void* memory_ = nullptr;
  std::size_t offset_ = 77;
};

TEST_F(TextureReference, ReadsTheMemoryThatIsBound) {
  ASSERT_EQ(bind(&bytes_, ~0u), cudaSuccess) << "to the end of the memory";
  EXPECT_EQ(offset_, 0u);
  EXPECT_EQ(read(), 0.2f);
  ASSERT_EQ(bind(&bytes_, 2), cudaSuccess);
  EXPECT_EQ(read(), 0.0f) << "outside";
}

TEST_F(TextureReference, TellsTheOffsetOfItsBinding) {
  std::size_t offset = 77;
  const auto ask = [&] {
    return call<cudaError_t>("cudaGetTextureAlignmentOffset", &offset, &bytes_);
  };
  EXPECT_EQ(ask(), cudaErrorInvalidTextureBinding);
  ASSERT_EQ(bind(&bytes_, 16), cudaSuccess);
  EXPECT_EQ(ask(), cudaSuccess);
  EXPECT_EQ(offset, 0u);
  ASSERT_EQ(call<cudaError_t>("cudaUnbindTexture", &bytes_), cudaSuccess);
  EXPECT_EQ(ask(), cudaErrorInvalidTextureBinding);
}

TEST_F(TextureReference, MustBeRegisteredAndInTheModule) {
  textureReference stranger = {};
  EXPECT_EQ(bind(&stranger, 16), cudaErrorInvalidTexture);
  EXPECT_EQ(bind(&lost_, 16), cudaErrorInvalidTexture);
  const textureReference* found = nullptr;
  EXPECT_EQ(call<cudaError_t>("cudaGetTextureReference", &found, &bytes_), cudaSuccess);
  EXPECT_EQ(found, &bytes_);
  EXPECT_EQ(call<cudaError_t>("cudaGetTextureReference", &found, &target_),
            cudaErrorInvalidTexture);
  const surfaceReference* surface = nullptr;
  EXPECT_EQ(call<cudaError_t>("cudaGetSurfaceReference", &surface, &target_), cudaSuccess);
  EXPECT_EQ(surface, &target_);
}

TEST_F(TextureReference, RefusesAFormatThatTexelsDoNotHave) {
  const cudaChannelFormatDesc odd = {7, 0, 0, 0, cudaChannelFormatKindUnsigned};
  EXPECT_EQ(call<cudaError_t>("cudaBindTexture", &offset_, &bytes_,
                              static_cast<const void*>(memory_), &odd, std::size_t{16}),
            cudaErrorInvalidChannelDescriptor);
}

}  // namespace
}  // namespace cuda_shim::test
