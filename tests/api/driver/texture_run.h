#pragma once
// Runs one texture or surface instruction in a kernel of one thread.

#include <cuda.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "context_fixture.h"

/// Four words as a fetch returns them.
using Words = std::array<std::uint32_t, 4>;

inline std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
inline Words floats(float x, float y, float z, float w) {
  return {bits(x), bits(y), bits(z), bits(w)};
}

class TextureFixture : public ContextFixture {
 protected:
  /// `statement` reads the handle %h and the words %a0..%a7, and writes %d0..%d3 (with %l0, %l1 for
  /// 64 bits). The answer is that of the launch.
  CUresult launch(const std::string& statement, CUtexObject handle,
                  const std::vector<std::uint32_t>& arguments, Words* out) {
    const std::string text =
        ".version 8.0\n.target sm_80\n.address_size 64\n"
        ".visible .entry run(.param .u64 handle, .param .u64 in, .param .u64 out) {\n"
        ".reg .b64 %h, %in, %out, %l<2>;\n.reg .b32 %a<8>, %d<4>;\n.reg .b16 %s<4>;\n"
        "ld.param.u64 %h, [handle];\nld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
        "ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%in];\n"
        "ld.global.v4.b32 {%a4, %a5, %a6, %a7}, [%in+16];\n"
        "mov.b32 %d0, 0;\nmov.b32 %d1, 0;\nmov.b32 %d2, 0;\nmov.b32 %d3, 0;\n" +
        statement + "\nst.global.v4.b32 [%out], {%d0, %d1, %d2, %d3};\nret;\n}\n";
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    CUdeviceptr memory = 0;
    EXPECT_CU(cuModuleLoadData(&module, text.c_str()));
    EXPECT_CU(cuModuleGetFunction(&function, module, "run"));
    EXPECT_CU(cuMemAlloc(&memory, 48));
    std::vector<std::uint32_t> words = arguments;
    words.resize(8);
    EXPECT_CU(cuMemcpyHtoD(memory, words.data(), 32));
    CUdeviceptr result = memory + 32;
    void* parameters[] = {&handle, &memory, &result};
    CUresult status = cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr);
    if (status == CUDA_SUCCESS) status = cuCtxSynchronize();
    if (status != CUDA_SUCCESS) return status;
    EXPECT_CU(cuMemcpyDtoH(out->data(), result, 16));
    EXPECT_CU(cuMemFree(memory));
    EXPECT_CU(cuModuleUnload(module));
    return CUDA_SUCCESS;
  }

  Words run(const std::string& statement, CUtexObject handle,
            const std::vector<std::uint32_t>& arguments) {
    Words out = {};
    EXPECT_CU(launch(statement, handle, arguments, &out)) << statement;
    return out;
  }

  template <class T>
  CUarray make_array(const CUDA_ARRAY3D_DESCRIPTOR& description, const std::vector<T>& texels) {
    CUarray array = nullptr;
    EXPECT_CU(cuArray3DCreate(&array, &description));
    EXPECT_CU(cuMemcpyHtoA(array, 0, texels.data(), texels.size() * sizeof(T)));
    return array;
  }

  CUtexObject make_texture(CUarray array, const CUDA_TEXTURE_DESC& reading) {
    CUDA_RESOURCE_DESC resource = {};
    resource.resType = CU_RESOURCE_TYPE_ARRAY;
    resource.res.array.hArray = array;
    CUtexObject texture = 0;
    EXPECT_CU(cuTexObjectCreate(&texture, &resource, &reading, nullptr));
    return texture;
  }

  CUsurfObject make_surface(CUarray array) {
    CUDA_RESOURCE_DESC resource = {};
    resource.resType = CU_RESOURCE_TYPE_ARRAY;
    resource.res.array.hArray = array;
    CUsurfObject surface = 0;
    EXPECT_CU(cuSurfObjectCreate(&surface, &resource));
    return surface;
  }
};

/// All three axes in one mode.
inline CUDA_TEXTURE_DESC reading(CUaddress_mode mode, CUfilter_mode filter, unsigned flags = 0) {
  CUDA_TEXTURE_DESC out = {};
  for (CUaddress_mode& axis : out.addressMode) axis = mode;
  out.filterMode = filter;
  out.flags = flags;
  return out;
}

constexpr const char* kFetch1D = "tex.1d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0}];";
constexpr const char* kFetch2D = "tex.2d.v4.f32.f32 {%d0, %d1, %d2, %d3}, [%h, {%a0, %a1}];";
