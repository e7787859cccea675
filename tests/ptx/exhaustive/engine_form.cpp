#include "ptx/exhaustive/engine_form.h"

#include <fmt/format.h>

namespace cuda_shim::tests {

EngineForm::EngineForm(const Form& form, unsigned values) : values_(values) {
  const std::string text = form.module();
  char log[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* option_values[] = {log, reinterpret_cast<void*>(sizeof(log))};
  expect(cuModuleLoadDataEx(&module_, text.c_str(), 2, options, option_values), log);
  if (error_.empty())
    expect(cuModuleGetFunction(&function_, module_, "form"), "Finding the kernel");
  std::vector<std::size_t> sizes = {form.result.memory_bytes()};
  for (const ValueType& type : form.operands) sizes.push_back(type.memory_bytes());
  for (std::size_t size : sizes)
    expect(cuMemAlloc(&buffers_.emplace_back(), size * values), "Allocating memory");
}

EngineForm::~EngineForm() {
  for (CUdeviceptr buffer : buffers_) cuMemFree(buffer);
  if (module_ != nullptr) cuModuleUnload(module_);
}

void EngineForm::run(const std::vector<std::vector<std::byte>>& operands,
                     std::vector<std::byte>& results) {
  std::vector<void*> arguments;
  for (CUdeviceptr& buffer : buffers_) arguments.push_back(&buffer);
  for (std::size_t i = 0; i < operands.size(); ++i)
    expect(cuMemcpyHtoD(buffers_[i + 1], operands[i].data(), operands[i].size()), "Copying in");
  expect(cuLaunchKernel(function_, values_ / kFormThreads, 1, 1, kFormThreads, 1, 1, 0, nullptr,
                        arguments.data(), nullptr),
         "Launching");
  expect(cuMemcpyDtoH(results.data(), buffers_[0], results.size()), "Copying out");
}

void EngineForm::expect(CUresult result, const char* what) {
  const char* name = "an unknown error";
  if (result == CUDA_SUCCESS || !error_.empty()) return;
  cuGetErrorName(result, &name);
  error_ = fmt::format("{}: {}", what, name);
}

}  // namespace cuda_shim::tests
