// Runs every .ptx file of tests/ptx/cases and every generated one through the driver API, and asks
// ptxas whether it accepts the file too, so that no test proves something about a language that
// only we speak. Each file is two tests: Ptx.<file> and Ptxas.<file>.

#include <cuda.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "ptx/ptx_arguments.h"
#include "ptx/ptx_case.h"

namespace cuda_shim::tests {
namespace {

std::string name_of(CUresult result) {
  const char* name = nullptr;
  return cuGetErrorName(result, &name) == CUDA_SUCCESS
             ? name
             : fmt::format("CUresult {}", static_cast<int>(result));
}

/// A context for one test, so that a fault in it leaves the others alone.
class Gpu {
 public:
  Gpu() {
    EXPECT_EQ(cuInit(0), CUDA_SUCCESS);
    CUdevice device = 0;
    EXPECT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxCreate(&context_, nullptr, 0, device), CUDA_SUCCESS);
  }
  ~Gpu() { cuCtxDestroy(context_); }
  Gpu(const Gpu&) = delete;

 private:
  CUcontext context_ = nullptr;
};

class PtxRun : public testing::Test {
 public:
  explicit PtxRun(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    auto test = read_ptx_case(path_);
    ASSERT_TRUE(test.has_value()) << path_ << ": " << test.error();
    Gpu gpu;
    CUresult result = run(*test);
    if (!test->error.empty()) {
      EXPECT_EQ(name_of(result), test->error) << log_;
      return;
    }
    ASSERT_EQ(name_of(result), "CUDA_SUCCESS") << log_;
    check(*test);
  }

 private:
  CUresult run(const PtxCase& test) {
    CUmodule module = nullptr;
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void* values[] = {log_, reinterpret_cast<void*>(sizeof(log_))};
    CUresult result = cuModuleLoadDataEx(&module, test.text.c_str(), 2, options, values);
    if (result != CUDA_SUCCESS) return result;
    CUfunction function = nullptr;
    result = cuModuleGetFunction(&function, module, test.kernel.c_str());
    if (result != CUDA_SUCCESS) return result;
    return launch(test, function);
  }

  CUresult launch(const PtxCase& test, CUfunction function) {
    const CUresult made = arguments_.make(test);
    if (made != CUDA_SUCCESS) return made;
    auto& start = test.cooperative ? cooperative : plain;
    CUresult result = start(function, test, arguments_.pointers());
    return result != CUDA_SUCCESS ? result : cuCtxSynchronize();
  }

  static CUresult plain(CUfunction function, const PtxCase& test, void** arguments) {
    return cuLaunchKernel(function, test.grid[0], test.grid[1], test.grid[2], test.block[0],
                          test.block[1], test.block[2], test.shared_bytes, nullptr, arguments,
                          nullptr);
  }

  static CUresult cooperative(CUfunction function, const PtxCase& test, void** arguments) {
    return cuLaunchCooperativeKernel(function, test.grid[0], test.grid[1], test.grid[2],
                                     test.block[0], test.block[1], test.block[2], test.shared_bytes,
                                     nullptr, arguments);
  }

  void check(const PtxCase& test) {
    for (std::size_t i = 0; i < test.parameters.size(); ++i) {
      if (test.parameters[i].expected().empty()) continue;
      std::vector<std::byte> actual;
      ASSERT_EQ(arguments_.read_back(test, i, &actual), CUDA_SUCCESS);
      for (const std::string& wrong : compare(test.parameters[i], actual))
        ADD_FAILURE() << path_.filename() << ", parameter " << i << ", " << wrong;
    }
  }

  std::filesystem::path path_;
  Arguments arguments_;
  char log_[4096] = "";
};

class PtxasAccepts : public testing::Test {
 public:
  explicit PtxasAccepts(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    auto test = read_ptx_case(path_);
    ASSERT_TRUE(test.has_value()) << test.error();
    // A test of what a wrong text gets cannot ask for approval.
    if (test->error == "CUDA_ERROR_INVALID_PTX") return;
    std::string command = fmt::format("{} -arch={} -o /dev/null {} 2>&1", CUDA_SHIM_PTXAS,
                                      test->target, path_.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

 private:
  std::filesystem::path path_;
};

template <class Test>
void add_test(const char* suite, const std::filesystem::path& path) {
  testing::RegisterTest(suite, path.stem().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [path]() -> testing::Test* { return new Test(path); });
}

}  // namespace
}  // namespace cuda_shim::tests

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::set<std::filesystem::path> files;
  for (const char* folder : {CUDA_SHIM_PTX_CASES, CUDA_SHIM_GENERATED_PTX_CASES})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".ptx") files.insert(entry.path());
  for (const std::filesystem::path& file : files) {
    cuda_shim::tests::add_test<cuda_shim::tests::PtxRun>("Ptx", file);
    cuda_shim::tests::add_test<cuda_shim::tests::PtxasAccepts>("Ptxas", file);
  }
  return files.empty() ? 1 : RUN_ALL_TESTS();
}
