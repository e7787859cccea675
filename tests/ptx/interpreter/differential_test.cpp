// Runs every form of forms.txt on the engine and on the interpreter with the same edge and random
// values: they must agree, bit for bit where the manual is exact. And ptxas must accept every form.
//
// The values are the same in each run, unless CUDA_SHIM_DIFFERENTIAL_SEED holds any text.

#include <cuda.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "ptx/first_device.h"
#include "ptx/interpreter/forms.h"
#include "ptx/interpreter/interpreter.h"

namespace cuda_shim::tests {
namespace {

constexpr unsigned kShownDifferences = 3;

struct Inputs {
  std::vector<std::vector<std::byte>> operands;
};

Inputs inputs_of(const Form& form) {
  const char* variation = std::getenv("CUDA_SHIM_DIFFERENTIAL_SEED");
  const std::string text = form.text + (variation == nullptr ? "" : variation);
  std::seed_seq seed(text.begin(), text.end());
  std::mt19937_64 random(seed);
  Inputs inputs;
  for (const ValueType& type : form.operands) inputs.operands.push_back(values_of(type, random));
  return inputs;
}

std::size_t result_bytes(const Form& form) {
  return std::size_t{form.result.memory_bytes()} * kFormValues;
}

struct Results {
  std::string error;
  std::vector<std::byte> bytes;
};

Results interpret(const Form& form, const Inputs& inputs) {
  Results results{{}, std::vector<std::byte>(result_bytes(form))};
  interpreter::Launch launch;
  launch.text = form.module();
  launch.kernel = "form";
  launch.grid[0] = kFormBlocks;
  launch.block[0] = kFormThreads;
  const auto add = [&](const std::vector<std::byte>& memory) {
    const auto address = reinterpret_cast<std::uint64_t>(memory.data());
    std::vector<std::byte> argument(sizeof address);
    std::memcpy(argument.data(), &address, sizeof address);
    launch.arguments.push_back(argument);
    launch.memory.push_back({address, memory.size()});
  };
  add(results.bytes);
  for (const auto& operand : inputs.operands) add(operand);
  results.error = interpreter::run(launch).message;
  return results;
}

/// Device memory for the time of one launch.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes) { EXPECT_EQ(cuMemAlloc(&address, bytes), CUDA_SUCCESS); }
  ~Buffer() { cuMemFree(address); }
  Buffer(const Buffer&) = delete;
  CUdeviceptr address = 0;
};

Results translate(const Form& form, const Inputs& inputs) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  const std::string text = form.module();
  char log[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof(log))};
  if (cuModuleLoadDataEx(&module, text.c_str(), 2, options, values) != CUDA_SUCCESS)
    return {fmt::format("The engine does not load it: {}", log), {}};
  Buffer result(result_bytes(form));
  std::vector<std::unique_ptr<Buffer>> operands;
  std::vector<void*> arguments = {&result.address};
  for (const auto& bytes : inputs.operands) {
    operands.push_back(std::make_unique<Buffer>(bytes.size()));
    cuMemcpyHtoD(operands.back()->address, bytes.data(), bytes.size());
    arguments.push_back(&operands.back()->address);
  }
  Results results{{}, std::vector<std::byte>(result_bytes(form))};
  if (cuModuleGetFunction(&function, module, "form") != CUDA_SUCCESS ||
      cuLaunchKernel(function, kFormBlocks, 1, 1, kFormThreads, 1, 1, 0, nullptr, arguments.data(),
                     nullptr) != CUDA_SUCCESS ||
      cuMemcpyDtoH(results.bytes.data(), result.address, results.bytes.size()) != CUDA_SUCCESS)
    results.error = "The engine does not run it.";
  cuModuleUnload(module);
  return results;
}

std::uint64_t value_at(const std::vector<std::byte>& bytes, unsigned size, unsigned index) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + std::size_t{size} * index, size);
  return value;
}

std::string show_operands(const Form& form, const Inputs& inputs, unsigned index) {
  std::string text;
  for (std::size_t i = 0; i < form.operands.size(); ++i)
    text +=
        fmt::format(" {:#x}", value_at(inputs.operands[i], form.operands[i].memory_bytes(), index));
  return text;
}

/// Empty if the engine's results are the interpreter's.
std::string differences(const Form& form, const Inputs& inputs, const Results& engine,
                        const Results& interpreter) {
  unsigned wrong = 0;
  std::string shown;
  const unsigned size = form.result.memory_bytes();
  for (unsigned i = 0; i < kFormValues; ++i) {
    const std::string text =
        difference(form, value_at(engine.bytes, size, i), value_at(interpreter.bytes, size, i));
    if (!text.empty() && ++wrong <= kShownDifferences)
      shown += fmt::format("\n   {}:{}", text, show_operands(form, inputs, i));
  }
  return wrong == 0 ? "" : fmt::format("{} of {} results differ:{}", wrong, kFormValues, shown);
}

void compare(const Form& form, bool engine_is_wrong) {
  const Inputs inputs = inputs_of(form);
  const Results expected = interpret(form, inputs);
  ASSERT_EQ(expected.error, "") << form.text;
  const Results actual = translate(form, inputs);
  ASSERT_EQ(actual.error, "") << form.text;
  const std::string text = differences(form, inputs, actual, expected);
  if (engine_is_wrong)
    EXPECT_NE(text, "") << form.text << " is right now: take the mark from its line.";
  else
    EXPECT_EQ(text, "") << form.text;
}

class Differential : public testing::Test {
 public:
  explicit Differential(FormLine line) : line_(std::move(line)) {}
  void TestBody() override {
    SCOPED_TRACE(fmt::format("forms.txt, line {}: {}", line_.number, line_.line));
    for (const Form& form : line_.forms) compare(form, line_.engine_is_wrong);
  }

 private:
  FormLine line_;
};

/// All forms of a line in one file for ptxas, each in a kernel of its own.
class PtxasAccepts : public testing::Test {
 public:
  explicit PtxasAccepts(std::vector<FormLine> lines) : lines_(std::move(lines)) {}
  void TestBody() override {
    const auto path = std::filesystem::path(testing::TempDir()) / "cuda_shim_forms.ptx";
    std::ofstream file(path);
    unsigned number = 0;
    for (const FormLine& line : lines_)
      for (const Form& form : line.forms) {
        std::string text = form.module();
        if (number != 0) text.erase(0, text.find(".visible"));
        const std::string name = "form";
        text.replace(text.find(name + "("), name.size(), fmt::format("form{}", number++));
        file << "// " << form.text << "\n" << text;
      }
    file.close();
    const std::string command =
        fmt::format("{} -arch=sm_120a -O0 -o /dev/null {} 2>&1", CUDA_SHIM_PTXAS, path.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

 private:
  std::vector<FormLine> lines_;
};

}  // namespace
}  // namespace cuda_shim::tests

int main(int argc, char** argv) {
  using namespace cuda_shim::tests;
  testing::InitGoogleTest(&argc, argv);
  const std::vector<FormLine> lines = read_forms(CUDA_SHIM_FORMS);
  for (const FormLine& line : lines)
    testing::RegisterTest("Differential", fmt::format("line{}", line.number).c_str(), nullptr,
                          nullptr, __FILE__, __LINE__,
                          [line]() -> testing::Test* { return new Differential(line); });
  testing::RegisterTest("Ptxas", "forms", nullptr, nullptr, __FILE__, __LINE__,
                        [lines]() -> testing::Test* { return new PtxasAccepts(lines); });
  if (!open_first_device()) return 1;
  return lines.empty() ? 1 : RUN_ALL_TESTS();
}
