#include "devices/registry.h"

#include <mutex>
#include <string>

#include "cuda_shim/version.h"
#include "devices/backends.h"
#include "support/log.h"
#include "support/options.h"

namespace cuda_shim::devices {
namespace {

// The last sentence that a backend reported on this thread. Kept here until a failed call takes it.
std::string& reported_sentence() {
  thread_local std::string sentence;
  return sentence;
}

void report(int level, const char* sentence) {
  auto severity = static_cast<support::LogLevel>(level < 0 ? 0 : level > 3 ? 3 : level);
  if (support::log_enabled(severity)) support::log_line(severity, sentence);
  reported_sentence() = sentence;
}

const char* option(const char* name) {
  return support::option_by_name(name);
}

constexpr cuda_shim_services kServices = {sizeof(cuda_shim_services), report, option};

Status check_table(const cuda_shim_backend& backend, std::string_view name) {
  // Entries up to `fault` are the first version of the table; later ones are optional.
  if (backend.size >= offsetof(cuda_shim_backend, timestamp) && backend.abi == CUDA_SHIM_DEVICE_ABI)
    return {};
  return {StatusCode::kSharedObjectInitFailed,
          fmt::format(
              "Backend '{}' has device table version {} of {} bytes; this library needs version "
              "{} of at least {} bytes.",
              name, backend.abi, backend.size, CUDA_SHIM_DEVICE_ABI,
              offsetof(cuda_shim_backend, timestamp))};
}

Result<const cuda_shim_backend*> find_backend(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return load_plugin(std::string(name));
  for (const cuda_shim_backend* backend : {cpu_backend(), null_backend()})
    if (name == backend->name) return backend;
  return error(
      StatusCode::kInvalidDevice,
      fmt::format("CUDA_SHIM_DEVICE names '{}', which is no backend of this library and, having "
                  "no '/', no path of a plug-in.",
                  name));
}

// `Backend::enumerate` is to be called once in a process, but several registries may be opened.
Result<std::uint32_t> enumerate_once(const cuda_shim_backend* backend) {
  struct Known {
    const cuda_shim_backend* backend;
    std::uint32_t count;
  };
  static std::mutex mutex;  // guards `known`
  static std::vector<Known> known;
  std::lock_guard lock(mutex);
  for (const Known& entry : known)
    if (entry.backend == backend) return entry.count;
  std::uint32_t count = 0;
  if (Status status = to_status(backend->enumerate(&kServices, &count)); !status)
    return error(std::move(status));
  known.push_back({backend, count});
  return count;
}

// Whether the table of a plug-in reaches as far as the optional entry.
bool has(const cuda_shim_backend* backend, std::size_t offset) {
  return backend->size >= offset + sizeof(void*);
}

}  // namespace

Status to_status(cuda_shim_status code) {
  if (code == 0) return {};
  std::string sentence = std::exchange(reported_sentence(), {});
  if (sentence.empty()) sentence = fmt::format("The device gave no reason for error {}.", code);
  return {static_cast<StatusCode>(code), std::move(sentence)};
}

Result<std::uint64_t> Queue::signal() {
  std::uint64_t point = 0;
  if (Status status = to_status(backend_->signal(handle_, &point)); !status)
    return error(std::move(status));
  return point;
}

Status Queue::drain() {
  Result<std::uint64_t> point = signal();
  return point ? synchronize(*point) : std::move(point.error());
}

Status Queue::timestamp(std::uint64_t* destination) {
  if (has(backend_, offsetof(cuda_shim_backend, timestamp)) && backend_->timestamp)
    return to_status(backend_->timestamp(handle_, destination));
  return {StatusCode::kNotSupported,
          fmt::format("Backend '{}' has no timestamps.", backend_->name)};
}

Result<Device> Device::open(const Offer& offer) {
  cuda_shim_device handle = nullptr;
  if (Status status = to_status(offer.backend->open(offer.ordinal, &handle)); !status)
    return error(std::move(status));
  return Device(offer.backend, handle);
}

Result<cuda_shim_device_properties> Device::properties() const {
  cuda_shim_device_properties properties = {};
  properties.size = sizeof(properties);
  if (Status status = to_status(backend_->properties(handle_, &properties)); !status)
    return error(std::move(status));
  return properties;
}

Result<cuda_shim_target> Device::target() const {
  cuda_shim_target target = {};
  target.size = sizeof(target);
  if (Status status = to_status(backend_->target(handle_, &target)); !status)
    return error(std::move(status));
  return target;
}

Result<std::uint64_t> Device::allocate(std::size_t bytes, std::size_t alignment) {
  std::uint64_t address = 0;
  if (Status status = to_status(backend_->allocate(handle_, bytes, alignment, &address)); !status)
    return error(std::move(status));
  return address;
}

Result<MemoryInfo> Device::memory_info() const {
  MemoryInfo info = {};
  if (Status status =
          to_status(backend_->memory_info(handle_, &info.free_bytes, &info.total_bytes));
      !status)
    return error(std::move(status));
  return info;
}

Result<Executable> Device::load(const cuda_shim_code_object& code) {
  cuda_shim_executable handle = nullptr;
  if (Status status = to_status(backend_->load(handle_, &code, &handle)); !status)
    return error(std::move(status));
  return Executable(backend_, handle);
}

Result<Queue> Device::create_queue(int priority) {
  cuda_shim_queue handle = nullptr;
  if (Status status = to_status(backend_->create_queue(handle_, priority, &handle)); !status)
    return error(std::move(status));
  return Queue(backend_, handle);
}

cuda_shim_fault Device::fault() const {
  cuda_shim_fault fault = {};
  cuda_shim_status status = backend_->fault(handle_, &fault);
  if (status != 0) fault.code = status;
  return fault;
}

cuda_shim_usage Executable::usage() const {
  cuda_shim_usage usage = {};
  if (handle_ && has(backend_, offsetof(cuda_shim_backend, usage)) && backend_->usage)
    backend_->usage(handle_, &usage);
  return usage;
}

Status Device::set_limit(cuda_shim_limit limit, std::uint64_t value) {
  if (has(backend_, offsetof(cuda_shim_backend, set_limit)) && backend_->set_limit)
    return to_status(backend_->set_limit(handle_, limit, value));
  return {StatusCode::kUnsupportedLimit,
          fmt::format("Backend '{}' has no limit {}.", backend_->name, static_cast<int>(limit))};
}

Result<Registry> Registry::open(std::string_view list) {
  Registry registry;
  while (!list.empty()) {
    std::size_t comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (name.empty()) continue;
    Result<const cuda_shim_backend*> backend = find_backend(name);
    if (!backend) return error(std::move(backend.error()));
    if (Status status = check_table(**backend, name); !status) return error(std::move(status));
    Result<std::uint32_t> count = enumerate_once(*backend);
    if (!count)
      return error(std::move(count.error()).with_context(fmt::format("Backend '{}'", name)));
    for (std::uint32_t ordinal = 0; ordinal < *count; ++ordinal)
      registry.offers_.push_back({*backend, ordinal});
  }
  return registry;
}

const Result<Registry>& Registry::process() {
  // Never destroyed: threads of the application may still use it while the process exits.
  static const auto* registry =
      new Result<Registry>(Registry::open(support::option_text(support::Option::DEVICE)));
  return *registry;
}

}  // namespace cuda_shim::devices
