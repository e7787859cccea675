// kernels COUNT [FIRST [print]]: loads one module of COUNT small kernels, numbered from FIRST, runs
// each and checks what it wrote. Says whether LLVM came into the process. With `print`, writes the
// module out instead.

#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

std::string kernel_text(int number) {
  const std::string n = std::to_string(number);
  return ".visible .entry k" + n +
         "(.param .u64 p) {\n.reg .b64 %a; .reg .b32 %v;\nld.param.u64 %a, [p];\nmov.u32 %v, " + n +
         ";\nst.global.u32 [%a], %v;\nret;\n}\n";
}

void check(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return;
  std::printf("%s failed: %d\n", what, static_cast<int>(result));
  std::exit(1);
}

bool maps_llvm() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("libLLVM") != std::string::npos) return true;
  return false;
}

void run(CUmodule module, int number, CUdeviceptr place) {
  CUfunction function = nullptr;
  check(cuModuleGetFunction(&function, module, ("k" + std::to_string(number)).c_str()), "lookup");
  void* parameters[] = {&place};
  check(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr), "launch");
  int value = -1;
  check(cuMemcpyDtoH(&value, place, sizeof value), "copy");
  if (value == number) return;
  std::printf("kernel %d wrote %d\n", number, value);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = std::atoi(argv[1]), first = argc > 2 ? std::atoi(argv[2]) : 0;
  std::string text = ".version 8.0\n.target sm_75\n.address_size 64\n";
  for (int i = first; i < first + count; ++i) text += kernel_text(i);
  if (argc > 3) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  CUdevice device = 0;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUdeviceptr place = 0;
  check(cuInit(0), "init");
  check(cuDeviceGet(&device, 0), "device");
  check(cuDevicePrimaryCtxRetain(&context, device), "context");
  check(cuCtxSetCurrent(context), "context");
  check(cuModuleLoadData(&module, text.c_str()), "load");
  check(cuMemAlloc(&place, sizeof(int)), "allocation");
  for (int i = first; i < first + count; ++i) run(module, i, place);
  std::printf("all right\nLLVM %s\n", maps_llvm() ? "loaded" : "not loaded");
  return 0;
}
