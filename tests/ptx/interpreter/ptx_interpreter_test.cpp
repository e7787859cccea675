// Runs every PTX test on the reference interpreter: its results must be those that the file states,
// as the engine's must. A test that the interpreter has no instruction for fails, unless
// not_interpreted.txt names it with a reason.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "ptx/interpreter/interpreter.h"
#include "ptx/interpreter/tensor.h"
#include "ptx/ptx_case.h"

namespace cuda_shim::tests {
namespace {

using interpreter::FaultKind;
using interpreter::Launch;
using interpreter::Outcome;

/// The CUresult that a driver would give.
std::string result_name(const Outcome& outcome) {
  if (outcome.ok) return "CUDA_SUCCESS";
  switch (outcome.fault) {
    case FaultKind::kInvalid:
    case FaultKind::kUnsupported:
      return "CUDA_ERROR_INVALID_PTX";
    case FaultKind::kIllegalAddress:
      return "CUDA_ERROR_ILLEGAL_ADDRESS";
    case FaultKind::kMisalignedAddress:
      return "CUDA_ERROR_MISALIGNED_ADDRESS";
    case FaultKind::kIllegalInstruction:
      return "CUDA_ERROR_ILLEGAL_INSTRUCTION";
    case FaultKind::kTrap:
      return "CUDA_ERROR_LAUNCH_FAILED";
    case FaultKind::kAssert:
      return "CUDA_ERROR_ASSERT";
    case FaultKind::kUndefined:
      return "undefined behaviour";
    case FaultKind::kDeadlock:
      return "deadlock";
    case FaultKind::kStepLimit:
      return "step limit";
  }
  return "unknown fault";
}

/// File name, or its beginning with a star, to reason.
std::map<std::string, std::string> read_exceptions() {
  std::map<std::string, std::string> exceptions;
  std::ifstream file(CUDA_SHIM_NOT_INTERPRETED);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, reason;
    if (line.starts_with('#') || !(words >> name) || !std::getline(words >> std::ws, reason))
      continue;
    exceptions[name] = reason;
  }
  return exceptions;
}

/// A launch and the buffers that its arguments point to.
class Prepared {
 public:
  explicit Prepared(const PtxCase& test) {
    launch.text = test.text;
    launch.kernel = test.kernel;
    std::ranges::copy(test.grid, launch.grid);
    std::ranges::copy(test.block, launch.block);
    launch.shared_bytes = test.shared_bytes;
    for (const PtxParameter& parameter : test.parameters) add(parameter);
  }

  Launch launch;
  std::vector<std::vector<std::byte>> buffers;  ///< one for each parameter; empty for values

 private:
  void add_texture(const PtxParameter& parameter, std::vector<std::byte> texels) {
    interpreter::BoundTexture& texture = launch.textures.emplace_back();
    texture.handle = interpreter::kFirstHandle + launch.textures.size();
    texture.is_surface = parameter.kind == ParameterKind::kSurface;
    texture.object = *parameter.texture;
    texture.texels = buffers.emplace_back(std::move(texels)).data();
    std::vector<std::byte> argument(sizeof texture.handle);
    std::memcpy(argument.data(), &texture.handle, sizeof texture.handle);
    launch.arguments.push_back(argument);
  }

  void add(const PtxParameter& parameter) {
    std::vector<std::byte> bytes = parameter.bytes();
    if (parameter.tensor) {
      std::uint64_t address = 0;
      std::memcpy(&address, launch.arguments[parameter.tensor->buffer].data(), sizeof address);
      launch.arguments.push_back(interpreter::encode(*parameter.tensor, address));
      buffers.emplace_back();
      return;
    }
    if (parameter.texture) return add_texture(parameter, std::move(bytes));
    if (parameter.kind == ParameterKind::kValue) {
      launch.arguments.push_back(bytes);
      buffers.emplace_back();
      return;
    }
    if (parameter.kind == ParameterKind::kOut) std::ranges::fill(bytes, std::byte{0});
    // The driver aligns what it allocates to 256 bytes; vectors of the host may not be.
    constexpr std::size_t kAlignment = 256;
    auto& buffer = buffers.emplace_back(bytes.size() + kAlignment);
    const auto begin = reinterpret_cast<std::uint64_t>(buffer.data());
    const std::uint64_t address = (begin + kAlignment - 1) / kAlignment * kAlignment;
    std::memcpy(reinterpret_cast<void*>(address), bytes.data(), bytes.size());
    std::vector<std::byte> argument(sizeof address);
    std::memcpy(argument.data(), &address, sizeof address);
    launch.arguments.push_back(argument);
    launch.memory.push_back({address, bytes.size()});
  }
};

std::string exception_of(const std::map<std::string, std::string>& exceptions,
                         const std::string& name) {
  for (const auto& [pattern, reason] : exceptions) {
    const bool is_prefix = pattern.ends_with('*');
    if (is_prefix ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern)
      return reason;
  }
  return {};
}

class PtxInterpreted : public testing::Test {
 public:
  PtxInterpreted(std::filesystem::path path, std::string exception)
      : path_(std::move(path)), exception_(std::move(exception)) {}

  void TestBody() override {
    auto test = read_ptx_case(path_);
    ASSERT_TRUE(test.has_value()) << path_ << ": " << test.error();
    Prepared prepared(*test);
    const Outcome outcome = interpreter::run(prepared.launch);
    if (!exception_.empty()) {
      EXPECT_TRUE(!outcome.ok && outcome.fault == FaultKind::kUnsupported)
          << "not_interpreted.txt lists this test, but it runs: " << exception_;
      return;
    }
    ASSERT_EQ(result_name(outcome), test->error.empty() ? "CUDA_SUCCESS" : test->error)
        << outcome.message;
    if (outcome.ok) check(*test, prepared);
  }

 private:
  void check(const PtxCase& test, const Prepared& prepared) {
    for (std::size_t i = 0; i < test.parameters.size(); ++i) {
      if (test.parameters[i].expected().empty()) continue;
      std::vector<std::byte> actual(test.parameters[i].bytes().size());
      if (test.parameters[i].kind == ParameterKind::kOut) {
        std::uint64_t address = 0;
        std::memcpy(&address, prepared.launch.arguments[i].data(), sizeof address);
        std::memcpy(actual.data(), reinterpret_cast<const void*>(address), actual.size());
      } else {
        actual = prepared.buffers[i];
      }
      for (const std::string& wrong : compare(test.parameters[i], actual))
        ADD_FAILURE() << path_.filename() << ", parameter " << i << ", " << wrong;
    }
  }

  std::filesystem::path path_;
  std::string exception_;
};

}  // namespace
}  // namespace cuda_shim::tests

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto exceptions = cuda_shim::tests::read_exceptions();
  std::set<std::filesystem::path> files;
  for (const char* folder : {CUDA_SHIM_PTX_CASES, CUDA_SHIM_GENERATED_PTX_CASES})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".ptx") files.insert(entry.path());
  for (const std::filesystem::path& path : files) {
    const std::string exception = cuda_shim::tests::exception_of(exceptions, path.stem().string());
    testing::RegisterTest("PtxInterpreted", path.stem().c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [path, exception]() -> testing::Test* {
                            return new cuda_shim::tests::PtxInterpreted(path, exception);
                          });
  }
  return files.empty() ? 1 : RUN_ALL_TESTS();
}
