// Compiles CUDA source while running: NVRTC makes PTX, the driver API loads it, the runtime API
// shares its memory with it.

#include <cuda.h>
#include <nvrtc.h>

#include <string>
#include <vector>

#include "../sample.h"

constexpr char kSource[] = R"(
template <typename T>
__global__ void axpy(T a, const T* x, T* y, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i] = a * x[i] + y[i];
}
)";
constexpr char kKernel[] = "axpy<double>";

void nvrtc_check(nvrtcResult result, const char* what) {
  if (result == NVRTC_SUCCESS) return;
  std::printf("FAILED: %s: %s\n", what, nvrtcGetErrorString(result));
  std::exit(1);
}

/// PTX of the source, and the kernel's name in it.
std::string compile(std::string& name) {
  nvrtcProgram program;
  nvrtc_check(nvrtcCreateProgram(&program, kSource, "axpy.cu", 0, nullptr, nullptr), "creating");
  nvrtc_check(nvrtcAddNameExpression(program, kKernel), "naming");
  const char* options[] = {"--gpu-architecture=compute_75"};
  nvrtc_check(nvrtcCompileProgram(program, 1, options), "compiling");
  const char* lowered;
  nvrtc_check(nvrtcGetLoweredName(program, kKernel, &lowered), "finding the name");
  name = lowered;
  std::size_t size;
  nvrtc_check(nvrtcGetPTXSize(program, &size), "measuring");
  std::string ptx(size, '\0');
  nvrtc_check(nvrtcGetPTX(program, ptx.data()), "fetching");
  nvrtc_check(nvrtcDestroyProgram(&program), "destroying");
  return ptx;
}

int main() {
  constexpr int kCount = 1000;
  std::string name;
  const std::string ptx = compile(name);
  SAMPLE_CHECK(cudaSetDevice(0));

  CUmodule module;
  CUfunction axpy;
  if (cuModuleLoadData(&module, ptx.c_str()) != CUDA_SUCCESS)
    return finish(false, "the PTX could not be loaded");
  if (cuModuleGetFunction(&axpy, module, name.c_str()) != CUDA_SUCCESS)
    return finish(false, "the kernel is missing");

  std::vector<double> x(kCount, 3.0), y(kCount);
  for (int i = 0; i < kCount; ++i) y[i] = i;
  double *device_x, *device_y;
  SAMPLE_CHECK(cudaMalloc(&device_x, kCount * sizeof(double)));
  SAMPLE_CHECK(cudaMalloc(&device_y, kCount * sizeof(double)));
  SAMPLE_CHECK(cudaMemcpy(device_x, x.data(), kCount * sizeof(double), cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemcpy(device_y, y.data(), kCount * sizeof(double), cudaMemcpyHostToDevice));

  double a = 1.5;
  int count = kCount;
  void* parameters[] = {&a, &device_x, &device_y, &count};
  if (cuLaunchKernel(axpy, (kCount + 127) / 128, 1, 1, 128, 1, 1, 0, nullptr, parameters,
                     nullptr) != CUDA_SUCCESS)
    return finish(false, "the launch was refused");
  SAMPLE_CHECK(cudaMemcpy(y.data(), device_y, kCount * sizeof(double), cudaMemcpyDeviceToHost));
  bool right = true;
  for (int i = 0; i < kCount; ++i) right = right && y[i] == 4.5 + i;
  return finish(right, "a value is wrong");
}
