#include "opencl.h"

#include <fmt/format.h>

#if defined(CUDA_SHIM_OPENCL)
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "buffer.h"

namespace bench {
namespace {

struct Functions {
  void* library;
#define OPENCL_FUNCTION(name) \
  decltype(&::name) name = reinterpret_cast<decltype(&::name)>(::dlsym(library, #name))
  OPENCL_FUNCTION(clGetPlatformIDs);
  OPENCL_FUNCTION(clGetDeviceIDs);
  OPENCL_FUNCTION(clCreateContext);
  OPENCL_FUNCTION(clCreateCommandQueue);
  OPENCL_FUNCTION(clCreateProgramWithSource);
  OPENCL_FUNCTION(clBuildProgram);
  OPENCL_FUNCTION(clGetProgramBuildInfo);
  OPENCL_FUNCTION(clCreateKernel);
  OPENCL_FUNCTION(clCreateBuffer);
  OPENCL_FUNCTION(clCreateImage);
  OPENCL_FUNCTION(clSetKernelArg);
  OPENCL_FUNCTION(clEnqueueNDRangeKernel);
  OPENCL_FUNCTION(clEnqueueReadBuffer);
  OPENCL_FUNCTION(clFinish);
  OPENCL_FUNCTION(clReleaseMemObject);
  OPENCL_FUNCTION(clReleaseKernel);
  OPENCL_FUNCTION(clReleaseProgram);
  OPENCL_FUNCTION(clReleaseCommandQueue);
  OPENCL_FUNCTION(clReleaseContext);
#undef OPENCL_FUNCTION
};

constexpr const char* kOptions = "-cl-fast-relaxed-math -I " CUDA_SHIM_PROBLEMS;

void check_cl(cl_int error, const char* doing) {
  if (error != CL_SUCCESS)
    throw std::runtime_error(fmt::format("OpenCL error {} while {}", error, doing));
}

/// The context and queue that all programs share.
struct Device {
  Functions cl;
  cl_device_id id;
  cl_context context = nullptr;
  cl_command_queue queue = nullptr;

  Device(const Functions& functions, cl_device_id device) : cl(functions), id(device) {
    cl_int error = CL_SUCCESS;
    context = cl.clCreateContext(nullptr, 1, &id, nullptr, nullptr, &error);
    check_cl(error, "making a context");
    queue = cl.clCreateCommandQueue(context, id, 0, &error);
    check_cl(error, "making a queue");
  }
  ~Device() {
    if (queue != nullptr) cl.clReleaseCommandQueue(queue);
    if (context != nullptr) cl.clReleaseContext(context);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
};

class CompiledProgram final : public OpenCl::Program {
 public:
  CompiledProgram(Device& device, const std::string& source, const OpenClTwin& twin)
      : device_(device), cl_(device.cl), results_(twin.results) {
    build(source);
    for (const OpenClStep& step : twin.steps) add(step);
  }
  ~CompiledProgram() override {
    for (const auto& [buffer, memory] : memory_) cl_.clReleaseMemObject(memory);
    for (const cl_mem image : images_) cl_.clReleaseMemObject(image);
    for (const Launch& launch : launches_) cl_.clReleaseKernel(launch.kernel);
    if (program_ != nullptr) cl_.clReleaseProgram(program_);
  }

  void run_and_wait() override {
    for (const Launch& launch : launches_)
      check_cl(
          cl_.clEnqueueNDRangeKernel(device_.queue, launch.kernel, 3, nullptr, launch.global.data(),
                                     launch.local.data(), 0, nullptr, nullptr),
          "launching a kernel");
    check_cl(cl_.clFinish(device_.queue), "waiting");
  }

  double difference() override {
    double largest = 0;
    for (const BufferBase* result : results_) {
      std::vector<std::byte> got(result->bytes());
      check_cl(cl_.clEnqueueReadBuffer(device_.queue, memory_.at(result), CL_TRUE, 0, got.size(),
                                       got.data(), 0, nullptr, nullptr),
               "reading a result");
      largest = std::max(largest, result->difference_of(got.data()));
    }
    return largest;
  }

 private:
  using Sizes = std::array<std::size_t, 3>;

  struct Launch {
    cl_kernel kernel;
    Sizes global, local;
  };

  static Sizes sizes_of(const OpenClItems& items) { return {items.x, items.y, items.z}; }

  void build(const std::string& source) {
    cl_int error = CL_SUCCESS;
    const char* text = source.c_str();
    program_ = cl_.clCreateProgramWithSource(device_.context, 1, &text, nullptr, &error);
    check_cl(error, "making a program");
    if (cl_.clBuildProgram(program_, 1, &device_.id, kOptions, nullptr, nullptr) == CL_SUCCESS)
      return;
    std::string log(1 << 16, '\0');
    cl_.clGetProgramBuildInfo(program_, device_.id, CL_PROGRAM_BUILD_LOG, log.size(), log.data(),
                              nullptr);
    throw std::runtime_error(fmt::format("OpenCL does not compile: {}", log.c_str()));
  }

  void add(const OpenClStep& step) {
    cl_int error = CL_SUCCESS;
    cl_kernel kernel = cl_.clCreateKernel(program_, step.kernel, &error);
    check_cl(error, "finding a kernel");
    launches_.push_back({kernel, sizes_of(step.global), sizes_of(step.local)});
    for (std::size_t i = 0; i < step.arguments.size(); ++i)
      std::visit([&](const auto& value) { set(kernel, cl_uint(i), value); }, step.arguments[i]);
  }

  template <class T>
  void set(cl_kernel kernel, cl_uint place, const T& value) {
    check_cl(cl_.clSetKernelArg(kernel, place, sizeof(value), &value), "setting an argument");
  }

  void set(cl_kernel kernel, cl_uint place, const BufferBase* const& buffer) {
    set(kernel, place, memory_of(buffer));
  }

  void set(cl_kernel kernel, cl_uint place, const OpenClImage& image) {
    images_.push_back(new_image(image));
    set(kernel, place, images_.back());
  }

  cl_mem memory_of(const BufferBase* buffer) {
    const auto [at, is_new] = memory_.try_emplace(buffer);
    if (!is_new) return at->second;
    cl_int error = CL_SUCCESS;
    at->second =
        cl_.clCreateBuffer(device_.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                           buffer->bytes(), const_cast<void*>(buffer->host_bytes()), &error);
    check_cl(error, "making a buffer");
    return at->second;
  }

  cl_mem new_image(const OpenClImage& image) {
    const cl_image_format format = {CL_R, CL_FLOAT};
    cl_image_desc shape = {};
    shape.image_type = CL_MEM_OBJECT_IMAGE2D;
    shape.image_width = image.width;
    shape.image_height = image.height;
    cl_int error = CL_SUCCESS;
    const cl_mem memory =
        cl_.clCreateImage(device_.context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, &format, &shape,
                          const_cast<void*>(image.texels->host_bytes()), &error);
    check_cl(error, "making an image");
    return memory;
  }

  Device& device_;
  const Functions& cl_;
  cl_program program_ = nullptr;
  std::map<const BufferBase*, cl_mem> memory_;
  std::vector<cl_mem> images_;
  std::vector<Launch> launches_;
  std::vector<const BufferBase*> results_;
};

class CpuDevice final : public OpenCl {
 public:
  CpuDevice(const Functions& functions, cl_device_id device) : device_(functions, device) {}

  std::unique_ptr<Program> prepare(const std::string& name, const OpenClTwin& twin) override {
    std::ifstream file(fmt::format("{}/{}.cl", CUDA_SHIM_PROBLEMS, name));
    const std::string source(std::istreambuf_iterator<char>(file), {});
    return std::make_unique<CompiledProgram>(device_, source, twin);
  }

 private:
  Device device_;
};

std::unique_ptr<OpenCl> none(const char* reason) {
  fmt::print(stderr, "bench_kernels: No OpenCL: {}.\n", reason);
  return nullptr;
}

}  // namespace

std::unique_ptr<OpenCl> OpenCl::open() {
  void* library = ::dlopen("libOpenCL.so.1", RTLD_NOW);
  if (library == nullptr) return none(::dlerror());
  const Functions functions{.library = library};
  cl_platform_id platform = nullptr;
  if (functions.clGetPlatformIDs(1, &platform, nullptr) != CL_SUCCESS) return none("no platform");
  cl_device_id device = nullptr;
  if (functions.clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 1, &device, nullptr) != CL_SUCCESS)
    return none("the platform has no CPU device");
  return std::make_unique<CpuDevice>(functions, device);
}

}  // namespace bench

#else

namespace bench {

std::unique_ptr<OpenCl> OpenCl::open() {
  fmt::print(stderr, "bench_kernels: No OpenCL: its headers were missing when this was built.\n");
  return nullptr;
}

}  // namespace bench

#endif
