// Linking PTX units with cuLink*.
#include <cstring>
#include <string>
#include <vector>

#include "context_fixture.h"
#include "ptx_sources.h"

namespace {

constexpr char kCaller[] = PTX_HEADER R"(
.extern .func (.param .b32 result) twice(.param .b32 x);
.visible .global .u32 answer;
.visible .entry ask()
{
  .reg .b32 %r<2>;
  mov.u32 %r1, 21;
  {
    .param .b32 p;
    .param .b32 r;
    st.param.b32 [p], %r1;
    call (r), twice, (p);
    ld.param.b32 %r1, [r];
  }
  st.global.u32 [answer], %r1;
  ret;
}
)";

constexpr char kCallee[] = PTX_HEADER R"(
.visible .func (.param .b32 result) twice(.param .b32 x)
{
  .reg .b32 %r<2>;
  ld.param.b32 %r1, [x];
  add.u32 %r1, %r1, %r1;
  st.param.b32 [result], %r1;
  ret;
}
)";

class Linking : public ContextFixture {
 protected:
  void SetUp() override {
    ContextFixture::SetUp();
    ASSERT_CU(cuLinkCreate(2, options_, values_, &state_));
  }
  void TearDown() override {
    EXPECT_CU(cuLinkDestroy(state_));
    EXPECT_EQ(cuLinkDestroy(state_), CUDA_ERROR_INVALID_HANDLE);
    ContextFixture::TearDown();
  }
  CUresult add(const char* ptx, const char* name) {
    return cuLinkAddData(state_, CU_JIT_INPUT_PTX, const_cast<char*>(ptx), std::strlen(ptx) + 1,
                         name, 0, nullptr, nullptr);
  }

  CUlinkState state_ = nullptr;
  char log_[512] = "";
  // The size option is written to as long as the link state lives (cuLinkCreate), so the arrays do
  // too.
  CUjit_option options_[2] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values_[2] = {log_, reinterpret_cast<void*>(sizeof log_)};
};

TEST_F(Linking, AFunctionOfAnotherUnitIsCalled) {
  ASSERT_CU(add(kCaller, "caller"));
  ASSERT_CU(add(kCallee, "callee"));
  void* image = nullptr;
  size_t bytes = 0;
  ASSERT_CU(cuLinkComplete(state_, &image, &bytes));
  std::vector<char> kept(static_cast<char*>(image), static_cast<char*>(image) + bytes);
  CUmodule module = nullptr;
  ASSERT_CU(cuModuleLoadData(&module, kept.data()));
  CUfunction ask = nullptr;
  ASSERT_CU(cuModuleGetFunction(&ask, module, "ask"));
  ASSERT_CU(cuLaunchKernel(ask, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  CUdeviceptr answer = 0;
  ASSERT_CU(cuModuleGetGlobal(&answer, nullptr, module, "answer"));
  unsigned value = 0;
  ASSERT_CU(cuMemcpyDtoH(&value, answer, 4));
  EXPECT_EQ(value, 42u);
}

TEST_F(Linking, BrokenInputIsReportedInTheLog) {
  EXPECT_EQ(add(PTX_HEADER ".visible .entry {", "broken"), CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(std::string(log_).find("line 4"), std::string::npos) << log_;
}

TEST_F(Linking, InputsThatCannotBeLinkedAreRefused) {
  char data[] = "BC\xc0\xde";
  EXPECT_EQ(cuLinkAddData(state_, CU_JIT_INPUT_NVVM, data, 4, "x", 0, nullptr, nullptr),
            CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuLinkAddFile(state_, CU_JIT_INPUT_PTX, "/nowhere/at.ptx", 0, nullptr, nullptr),
            CUDA_ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(cuLinkAddData(state_, CU_JIT_INPUT_PTX, nullptr, 4, "x", 0, nullptr, nullptr),
            CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
