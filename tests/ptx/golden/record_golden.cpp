// record_golden: what a driver and its GPU make of the PTX tests, as a file of golden values; and
// the comparison of such files with a driver.
//
//   record_golden [OPTIONS] --write FILE       runs all PTX tests and writes the file
//   record_golden [OPTIONS] --compare FILE...  runs them and compares with the files
//     --driver LIBRARY                         libcuda.so.1 if not given: the one of the machine
//     --only TEXT                              the tests with this in their names
//
// --compare without files ends with
// kNothingCompared, so that a test run shows that nothing was.

#include <cuda.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "ptx/golden/driver.h"
#include "ptx/golden/golden_file.h"
#include "ptx/ptx_arguments.h"
#include "ptx/ptx_case.h"

namespace cuda_shim::tests {
namespace {

constexpr int kNothingCompared = 77;

struct Options {
  std::string driver = "libcuda.so.1";
  std::string write, only;
  bool compare = false;
  std::vector<std::string> files;
};

struct NamedCase {
  PtxCase test;
  GoldenTest result;
};
using Cases = std::map<std::string, NamedCase>;

std::string name_of(CUresult result) {
  const char* name = nullptr;
  return cuGetErrorName(result, &name) == CUDA_SUCCESS
             ? name
             : fmt::format("{}", static_cast<int>(result));
}

// --- Running

/// The device's context for one test, so that a fault in it leaves the others alone.
class Context {
 public:
  explicit Context(CUdevice device) : device_(device) {
    CUcontext context = nullptr;
    result_ = cuDevicePrimaryCtxRetain(&context, device);
    if (result_ == CUDA_SUCCESS) result_ = cuCtxSetCurrent(context);
  }
  ~Context() {
    cuDevicePrimaryCtxReset(device_);
    cuDevicePrimaryCtxRelease(device_);
  }
  Context(const Context&) = delete;
  CUresult result() const { return result_; }

 private:
  CUdevice device_;
  CUresult result_;
};

CUresult launch(const PtxCase& test, Arguments& arguments) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUresult result = cuModuleLoadDataEx(&module, test.text.c_str(), 0, nullptr, nullptr);
  if (result == CUDA_SUCCESS) result = cuModuleGetFunction(&function, module, test.kernel.c_str());
  if (result == CUDA_SUCCESS) result = arguments.make(test);
  if (result != CUDA_SUCCESS) return result;
  const unsigned *grid = test.grid, *block = test.block;
  result =
      test.cooperative
          ? cuLaunchCooperativeKernel(function, grid[0], grid[1], grid[2], block[0], block[1],
                                      block[2], test.shared_bytes, nullptr, arguments.pointers())
          : cuLaunchKernel(function, grid[0], grid[1], grid[2], block[0], block[1], block[2],
                           test.shared_bytes, nullptr, arguments.pointers(), nullptr);
  return result == CUDA_SUCCESS ? cuCtxSynchronize() : result;
}

GoldenTest run(const PtxCase& test, CUdevice device) {
  GoldenTest golden{.hash = hash_of_text(test.text), .result = {}, .out = {}};
  const Context context(device);
  Arguments arguments;
  CUresult result = context.result() == CUDA_SUCCESS ? launch(test, arguments) : context.result();
  for (unsigned i = 0; i < test.parameters.size() && result == CUDA_SUCCESS; ++i)
    if (!test.parameters[i].expected().empty())
      result = arguments.read_back(test, i, &golden.out[i]);
  golden.result = name_of(result);
  if (result != CUDA_SUCCESS) golden.out.clear();
  return golden;
}

bool run_folder(const std::filesystem::path& folder, const std::string& only, CUdevice device,
                Cases& cases) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto relative = std::filesystem::relative(entry.path(), folder.parent_path()).string();
    if (entry.path().extension() != ".ptx" || !relative.contains(only)) continue;
    auto test = read_ptx_case(entry.path());
    if (!test) {
      fmt::print(stderr, "{}: {}\n", entry.path().string(), test.error());
      return false;
    }
    GoldenTest result = run(*test, device);
    cases[relative] = {std::move(*test), std::move(result)};
  }
  return true;
}

std::optional<GoldenFile> describe(CUdevice device) {
  GoldenFile file;
  char name[256] = "";
  int version = 0, major = 0, minor = 0;
  if (cuDeviceGetName(name, sizeof name, device) != CUDA_SUCCESS ||
      cuDriverGetVersion(&version) != CUDA_SUCCESS)
    return std::nullopt;
  cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
  cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
  file.gpu = name;
  file.compute = fmt::format("{}.{}", major, minor);
  file.driver = fmt::format("{}", version);
  return file;
}

// --- Comparing

struct Tally {
  unsigned compared = 0, wrong = 0, changed = 0, refused = 0, unknown = 0;
};

/// The parameter as the GPU left it. What a test takes with a tolerance is within it on either
/// side.
PtxParameter golden_parameter(const PtxParameter& parameter, const std::vector<std::byte>& bytes) {
  PtxParameter golden = parameter;
  std::vector<Element>& elements = golden.holds.empty() ? golden.elements : golden.holds;
  elements.resize(bytes.size() / parameter.element_bytes);
  golden.ulp = 2 * parameter.ulp;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i].bits = 0;
    std::memcpy(&elements[i].bits, bytes.data() + i * parameter.element_bytes,
                parameter.element_bytes);
  }
  return golden;
}

void compare_test(const std::string& name, const GoldenTest& golden, const NamedCase& here,
                  Tally& tally) {
  ++tally.compared;
  if (here.result.result != golden.result) {
    ++tally.wrong;
    fmt::print("{}: {}, the GPU {}\n", name, here.result.result, golden.result);
    return;
  }
  bool good = true;
  for (const auto& [index, bytes] : golden.out) {
    const auto actual = here.result.out.find(index);
    if (actual == here.result.out.end() || actual->second.size() != bytes.size()) {
      fmt::print("{}, parameter {}: another size\n", name, index);
      good = false;
      continue;
    }
    const auto expected = golden_parameter(here.test.parameters[index], bytes);
    for (const std::string& wrong : compare(expected, actual->second)) {
      fmt::print("{}, parameter {}, {}\n", name, index, wrong);
      good = false;
    }
  }
  tally.wrong += !good;
}

/// Whether the GPU is too old, or not of the family, that a test is written for.
bool was_refused(const GoldenTest& golden, const PtxCase& test) {
  return golden.result != "CUDA_SUCCESS" && test.error.empty();
}

bool compare_file(const std::string& path, const Cases& cases) {
  std::ifstream in(path);
  const auto file = read_golden(in);
  if (!file) {
    fmt::print("{}: {}\n", path, file.error());
    return false;
  }
  Tally tally;
  for (const auto& [name, golden] : file->tests) {
    const auto here = cases.find(name);
    if (here == cases.end())
      ++tally.unknown;
    else if (here->second.result.hash != golden.hash)
      ++tally.changed;
    else if (was_refused(golden, here->second.test))
      ++tally.refused;
    else
      compare_test(name, golden, here->second, tally);
  }
  fmt::print(
      "{} ({}, compute {}, driver {}): {} tests compared, {} differ; {} have changed since, "
      "{} were refused by it, {} are gone.\n",
      path, file->gpu, file->compute, file->driver, tally.compared, tally.wrong, tally.changed,
      tally.refused, tally.unknown);
  return tally.wrong == 0 && tally.compared > 0;
}

// --- The program

bool read_options(int count, char** arguments, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    const bool has_value = i + 1 < count;
    if (word == "--driver" && has_value)
      options.driver = arguments[++i];
    else if (word == "--write" && has_value)
      options.write = arguments[++i];
    else if (word == "--only" && has_value)
      options.only = arguments[++i];
    else if (word == "--compare")
      options.compare = true;
    else if (options.compare && !word.starts_with("--"))
      options.files.emplace_back(word);
    else
      return false;
  }
  return options.compare != !options.write.empty();
}

int run_all(const Options& options) {
  CUdevice device = 0;
  if (const std::string fault = open_driver(options.driver); !fault.empty()) {
    fmt::print(stderr, "{}\n", fault);
    return 1;
  }
  if (cuInit(0) != CUDA_SUCCESS || cuDeviceGet(&device, 0) != CUDA_SUCCESS) {
    fmt::print(stderr, "'{}' has no device.\n", options.driver);
    return 1;
  }
  auto file = describe(device);
  Cases cases;
  if (!file || !run_folder(CUDA_SHIM_PTX_CASES, options.only, device, cases) ||
      !run_folder(CUDA_SHIM_GENERATED_PTX_CASES, options.only, device, cases))
    return 1;
  if (options.compare) {
    bool good = true;
    for (const std::string& path : options.files) good &= compare_file(path, cases);
    return good ? 0 : 1;
  }
  for (auto& [name, each] : cases) file->tests[name] = std::move(each.result);
  std::ofstream out(options.write);
  write_golden(out, *file);
  fmt::print("{} tests on {}, driver {}: {}\n", cases.size(), file->gpu, file->driver,
             options.write);
  return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace cuda_shim::tests

int main(int count, char** arguments) {
  using namespace cuda_shim::tests;
  Options options;
  if (!read_options(count, arguments, options)) {
    fmt::print(stderr,
               "usage: record_golden [--driver LIBRARY] [--only TEXT] --write FILE | --compare "
               "FILE...\n");
    return 2;
  }
  if (options.compare && options.files.empty()) {
    fmt::print("No golden values: nobody has recorded any on a GPU. Nothing was compared.\n");
    return kNothingCompared;
  }
  return run_all(options);
}
