// The driver API with PTX in the program's text: modules, error logs of the translator, functions,
// global variables and launches.

#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define DRIVER_CHECK(call)                                    \
  do {                                                        \
    const CUresult driver_error = (call);                     \
    if (driver_error != CUDA_SUCCESS) {                       \
      const char* driver_message = "";                        \
      cuGetErrorString(driver_error, &driver_message);        \
      std::printf("FAILED: %s: %s\n", #call, driver_message); \
      std::exit(1);                                           \
    }                                                         \
  } while (false)

constexpr char kScale[] = R"(
.version 7.0
.target sm_75
.address_size 64

.visible .global .align 4 .f32 bias = 0f3F000000;  // 0.5

.visible .entry scale(.param .u64 values, .param .f32 factor, .param .u32 count)
{
  .reg .pred %done;
  .reg .b32 %i, %block, %size, %n;
  .reg .f32 %x, %f, %b;
  .reg .b64 %base, %offset;

  ld.param.u64 %base, [values];
  ld.param.f32 %f, [factor];
  ld.param.u32 %n, [count];
  mov.u32 %i, %tid.x;
  mov.u32 %block, %ctaid.x;
  mov.u32 %size, %ntid.x;
  mad.lo.s32 %i, %block, %size, %i;
  setp.ge.s32 %done, %i, %n;
  @%done bra END;
  cvta.to.global.u64 %base, %base;
  mul.wide.s32 %offset, %i, 4;
  add.s64 %base, %base, %offset;
  ld.global.f32 %x, [%base];
  ld.global.f32 %b, [bias];
  fma.rn.f32 %x, %x, %f, %b;
  st.global.f32 [%base], %x;
END:
  ret;
}
)";

constexpr char kBroken[] = R"(
.version 7.0
.target sm_75
.address_size 64
.visible .entry broken() { no.such.instruction %r1; ret; }
)";

CUresult load(CUmodule* module, const char* ptx, std::vector<char>& errors) {
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {errors.data(), reinterpret_cast<void*>(errors.size())};
  return cuModuleLoadDataEx(module, ptx, 2, options, values);
}

int main() {
  DRIVER_CHECK(cuInit(0));
  CUdevice device;
  CUcontext context;
  char name[256];
  DRIVER_CHECK(cuDeviceGet(&device, 0));
  DRIVER_CHECK(cuDeviceGetName(name, sizeof(name), device));
  std::printf("Device 0: %s\n", name);
  DRIVER_CHECK(cuDevicePrimaryCtxRetain(&context, device));
  DRIVER_CHECK(cuCtxSetCurrent(context));

  std::vector<char> errors(4096);
  CUmodule module;
  const CUresult refused = load(&module, kBroken, errors);
  if (refused != CUDA_ERROR_INVALID_PTX || std::strstr(errors.data(), "line 5") == nullptr) {
    std::printf("FAILED: broken PTX gave error %d and the log \"%s\"\n", refused, errors.data());
    return 1;
  }

  DRIVER_CHECK(load(&module, kScale, errors));
  CUfunction scale;
  CUdeviceptr bias, values;
  std::size_t bias_size;
  DRIVER_CHECK(cuModuleGetFunction(&scale, module, "scale"));
  DRIVER_CHECK(cuModuleGetGlobal(&bias, &bias_size, module, "bias"));

  constexpr int kCount = 1000;
  std::vector<float> host(kCount);
  for (int i = 0; i < kCount; ++i) host[i] = static_cast<float>(i);
  DRIVER_CHECK(cuMemAlloc(&values, kCount * sizeof(float)));
  DRIVER_CHECK(cuMemcpyHtoD(values, host.data(), kCount * sizeof(float)));

  float factor = 3;
  int count = kCount;
  void* parameters[] = {&values, &factor, &count};
  DRIVER_CHECK(cuLaunchKernel(scale, 8, 1, 1, 128, 1, 1, 0, nullptr, parameters, nullptr));
  const float new_bias = -1;
  DRIVER_CHECK(cuMemcpyHtoD(bias, &new_bias, bias_size));
  DRIVER_CHECK(cuLaunchKernel(scale, 8, 1, 1, 128, 1, 1, 0, nullptr, parameters, nullptr));
  DRIVER_CHECK(cuMemcpyDtoH(host.data(), values, kCount * sizeof(float)));

  bool right = bias_size == sizeof(float);
  for (int i = 0; i < kCount; ++i) right = right && host[i] == (3.0f * i + 0.5f) * 3 - 1;
  CUfunction missing;
  right = right && cuModuleGetFunction(&missing, module, "missing") == CUDA_ERROR_NOT_FOUND;

  DRIVER_CHECK(cuMemFree(values));
  DRIVER_CHECK(cuModuleUnload(module));
  DRIVER_CHECK(cuDevicePrimaryCtxRelease(device));
  std::printf(right ? "PASSED\n" : "FAILED: a value or an error code is wrong\n");
  return right ? 0 : 1;
}
