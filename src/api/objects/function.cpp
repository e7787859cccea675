#include "api/objects/function.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "api/objects/context.h"
#include "api/objects/explanation.h"
#include "api/objects/module.h"
#include "kernels/compiler.h"
#include "support/log.h"
#include "support/options.h"

namespace cuda_shim::objects {
namespace {

// 10 * major + minor of "sm_89", "sm_90a"; 0 if it is something else.
int ptx_target(std::string_view target) {
  std::size_t digits = target.find_first_of("0123456789");
  int number = 0;
  if (digits != target.npos)
    std::from_chars(target.data() + digits, target.data() + target.size(), number);
  return number;
}

/// Sizes of block that one kernel is translated for; after that, code for any size serves all.
constexpr std::size_t kMostVersions = 8;

using Reader = int (*)(Function& function);

const cuda_shim_device_properties& properties_of(const Function& function) {
  return function.module().context().device().properties();
}

int read_ptx_version(Function& function) {
  return ptx_target(function.module().outline().target_of(function.kernel()));
}

int read_binary_version(Function& function) {
  const cuda_shim_device_properties& p = properties_of(function);
  return static_cast<int>(p.compute_major * 10 + p.compute_minor);
}

struct AttributeRow {
  CUfunction_attribute attribute;
  bool needs_translation;
  Reader read;
};

constexpr AttributeRow kAttributes[] = {
    {CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, false,
     [](Function& f) { return static_cast<int>(f.max_threads_per_block()); }},
    {CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, true,
     [](Function& f) { return static_cast<int>(f.info().static_shared_bytes); }},
    {CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES, false,
     [](Function& f) { return static_cast<int>(f.module().outline().constant_bytes()); }},
    {CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, true,
     [](Function& f) { return static_cast<int>(f.info().local_bytes); }},
    {CU_FUNC_ATTRIBUTE_NUM_REGS, true,
     [](Function& f) { return static_cast<int>(f.info().registers); }},
    {CU_FUNC_ATTRIBUTE_PTX_VERSION, false, read_ptx_version},
    {CU_FUNC_ATTRIBUTE_BINARY_VERSION, false, read_binary_version},
    {CU_FUNC_ATTRIBUTE_CACHE_MODE_CA, false, [](Function&) { return 0; }},
    {CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, true,
     [](Function& f) { return static_cast<int>(f.max_dynamic_shared()); }},
    {CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET, false, [](Function&) { return 0; }},
    {CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, false, [](Function&) { return 0; }},
    {CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT, false, [](Function&) { return 0; }},
    {CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH, false, [](Function&) { return 0; }},
    {CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE, false, [](Function&) { return 0; }},
};

/// Whether CUDA_SHIM_CHECK asks for checked alignment; other words in it are reported.
bool checks_alignment() {
  std::string_view rest = support::option_text(support::Option::CHECK);
  bool found = false;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word == "alignment")
      found = true;
    else
      CUDA_SHIM_LOG_ONCE(kWarning, "CUDA_SHIM_CHECK: there is no check '{}', only alignment.",
                         word);
  }
  return found;
}

/// CUDA_SHIM_BLOCK: one to three sizes with an x between them.
cuda_shim_dim3 block_option() {
  const std::string_view text = support::option_text(support::Option::BLOCK);
  std::uint32_t sizes[3] = {1, 1, 1};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::uint32_t& size : sizes) {
    const auto [next, fault] = std::from_chars(at, end, size);
    if (fault != std::errc() || size == 0 || size > 1024) break;
    if (next == end) return {sizes[0], sizes[1], sizes[2]};
    if (*next != 'x') break;
    at = next + 1;
  }
  CUDA_SHIM_LOG_ONCE(kWarning, "CUDA_SHIM_BLOCK='{}' is not a size of block, such as 16x16.", text);
  return {256, 1, 1};
}

}  // namespace

Function::Function(Module& module, std::size_t index)
    : module_(module),
      index_(index),
      kernel_(module.outline().kernels()[index]),
      name_(kernel_.name),
      max_threads_(module.context().device().properties().max_threads_per_block) {
  if (kernel_.max_threads_per_block != 0)
    max_threads_ = std::min(max_threads_, kernel_.max_threads_per_block);
}

Function::~Function() {
  for (const auto& version : versions_) finish_explanation(*version);
}

/// The blocks that launches will most likely have.
cuda_shim_dim3 Function::likely_block() const {
  const auto& required = kernel_.required_block;
  if (required[0] != 0) return {required[0], required[1], required[2]};
  const cuda_shim_dim3 asked = block_option();
  return asked.x * asked.y * asked.z <= max_threads_ ? asked : cuda_shim_dim3{max_threads_, 1, 1};
}

/// What a launch with such blocks runs: code for just them, as long as there are few sizes.
cuda_shim_dim3 Function::specialisation(const cuda_shim_dim3& block) const {
  const bool pays = module_.context().device().target().specialises != 0;
  return pays && versions_.size() < kMostVersions ? block : cuda_shim_dim3{0, 0, 0};
}

Result<const Function::Version*> Function::translate(const cuda_shim_dim3& block) {
  std::lock_guard lock(mutex_);
  for (const cuda_shim_dim3& wanted : {block, specialisation(block)})
    for (const auto& version : versions_)
      if (is_for(*version, wanted)) {
        latest_.store(version.get(), std::memory_order_release);
        return version.get();
      }
  if (failure_ != StatusCode::kOk) return error(failure_, failure_message_);
  Result<const Version*> loaded = load(specialisation(block));
  if (loaded) {
    latest_.store(*loaded, std::memory_order_release);
    return loaded;
  }
  failure_ = loaded.error().code();
  std::string prefix = fmt::format("Kernel '{}': ", name_);
  failure_message_ = loaded.error().message();
  if (!failure_message_.starts_with(prefix)) failure_message_.insert(0, prefix);
  CUDA_SHIM_LOG(kError, "{}", failure_message_);
  return error(failure_, failure_message_);
}

Result<const Function::Version*> Function::load(const cuda_shim_dim3& block) {
  kernels::CompileOptions options;
  options.target = module_.context().device().target();
  options.optimisation_level = static_cast<int>(support::option_number(support::Option::OPT_LEVEL));
  options.check_alignment = checks_alignment();
  options.block = block;
  const auto begin = std::chrono::steady_clock::now();
  Result<kernels::cache::SharedKernel> compiled = module_.image().code(index_, options);
  if (!compiled) return error(std::move(compiled.error()));
  Result<devices::Executable> loaded = module_.context().instance().load((*compiled)->view());
  if (!loaded) return error(std::move(loaded.error()));
  versions_.push_back(std::make_unique<const Version>(
      Version{block, std::move(*loaded), (*compiled)->info, (*compiled)->remarks}));
  explain(*this, *versions_.back(), std::chrono::steady_clock::now() - begin);
  return versions_.back().get();
}

unsigned Function::max_dynamic_shared() const {
  int set = dynamic_shared_.load(std::memory_order_relaxed);
  if (set >= 0) return static_cast<unsigned>(set);
  unsigned limit = properties_of(*this).shared_per_block;
  return limit > info().static_shared_bytes ? limit - info().static_shared_bytes : 0;
}

Result<int> Function::attribute(CUfunction_attribute attribute) {
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) return carveout_.load();
  if (attribute == CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED)
    return non_portable_cluster_.load();
  for (const AttributeRow& row : kAttributes) {
    if (row.attribute != attribute) continue;
    if (row.needs_translation)
      if (Status status = prepare(); !status) return error(std::move(status));
    return row.read(*this);
  }
  return error(
      StatusCode::kInvalidValue,
      fmt::format("{} is not the number of a function attribute.", static_cast<int>(attribute)));
}

Status Function::set_attribute(CUfunction_attribute attribute, int value) {
  if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
    if (Status status = prepare(); !status) return status;
    unsigned limit = properties_of(*this).shared_per_block_optin;
    if (value < 0 || value + std::uint64_t(info().static_shared_bytes) > limit)
      return Status(
          StatusCode::kInvalidValue,
          fmt::format("Dynamic shared memory ({}) with the {} bytes of kernel '{}' exceeds the "
                      "limit ({}) of the device.",
                      value, info().static_shared_bytes, name_, limit));
    dynamic_shared_.store(value, std::memory_order_relaxed);
    return {};
  }
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT && value >= -1 &&
      value <= 100) {
    carveout_.store(value, std::memory_order_relaxed);
    return {};
  }
  if (attribute == CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED &&
      (value == 0 || value == 1)) {
    non_portable_cluster_.store(value, std::memory_order_relaxed);
    return {};
  }
  return Status(StatusCode::kInvalidValue, fmt::format("Function attribute {} cannot be set to {}.",
                                                       static_cast<int>(attribute), value));
}

}  // namespace cuda_shim::objects
