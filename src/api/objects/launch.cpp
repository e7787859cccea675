#include "api/objects/launch.h"

#include <fmt/format.h>

#include <atomic>
#include <cstring>

#include "api/objects/context.h"
#include "api/objects/module.h"
#include "api/objects/occupancy.h"

namespace cuda_shim::objects {
namespace {

// CUDA's limit for kernel parameters since compute capability 7.0.
constexpr std::size_t kMaxParameterBytes = 32764;

constinit std::atomic<std::uint64_t> next_grid_id = 1;

Status bad(std::string message) {
  return Status(StatusCode::kInvalidValue, std::move(message));
}

bool within(const cuda_shim_dim3& size, const std::uint32_t (&limit)[3]) {
  return size.x - 1 < limit[0] && size.y - 1 < limit[1] && size.z - 1 < limit[2];
}

Status check_shape(const Function& function, const LaunchShape& shape) {
  const cuda_shim_device_properties& p = function.module().context().device().properties();
  const cuda_shim_dim3 &g = shape.grid, &b = shape.block;
  if (!within(g, p.max_grid))
    return bad(fmt::format("Grid ({}, {}, {}) has a zero or exceeds the limit ({}, {}, {}).", g.x,
                           g.y, g.z, p.max_grid[0], p.max_grid[1], p.max_grid[2]));
  if (!within(b, p.max_block))
    return bad(fmt::format("Block ({}, {}, {}) has a zero or exceeds the limit ({}, {}, {}).", b.x,
                           b.y, b.z, p.max_block[0], p.max_block[1], p.max_block[2]));
  std::uint64_t threads = std::uint64_t(b.x) * b.y * b.z;
  if (threads > function.max_threads_per_block())
    return bad(fmt::format("Block of {} threads exceeds the limit ({}) of kernel '{}'.", threads,
                           function.max_threads_per_block(), function.name()));
  const auto& required = function.kernel().required_block;
  if (required[0] != 0 && (b.x != required[0] || b.y != required[1] || b.z != required[2]))
    return bad(fmt::format("Kernel '{}' requires blocks of ({}, {}, {}), not ({}, {}, {}).",
                           function.name(), required[0], required[1], required[2], b.x, b.y, b.z));
  return {};
}

Status check_resources(Function& function, const LaunchShape& shape) {
  if (shape.dynamic_shared > function.max_dynamic_shared())
    return bad(fmt::format("Dynamic shared memory ({}) exceeds the limit ({}) of kernel '{}'.",
                           shape.dynamic_shared, function.max_dynamic_shared(), function.name()));
  if (!shape.cooperative) return {};
  const cuda_shim_device_properties& p = function.module().context().device().properties();
  std::uint64_t blocks = std::uint64_t(shape.grid.x) * shape.grid.y * shape.grid.z;
  std::uint64_t threads = std::uint64_t(shape.block.x) * shape.block.y * shape.block.z;
  std::uint64_t resident = std::uint64_t(resident_blocks(function, static_cast<unsigned>(threads),
                                                         shape.dynamic_shared)) *
                           p.multiprocessors;
  if (blocks <= resident) return {};
  return Status(StatusCode::kCooperativeLaunchTooLarge,
                fmt::format("A cooperative grid of {} blocks exceeds the {} that can be resident.",
                            blocks, resident));
}

Status pack_pointers(const Function& function, void** parameters, std::byte* block) {
  std::size_t index = 0;
  for (const kernels::ProgramParameter& parameter : function.kernel().parameters) {
    const void* value = parameters[index++];
    if (value == nullptr && parameter.bytes != 0)
      return bad(fmt::format("Parameter {} of kernel '{}' is null.", index - 1, function.name()));
    if (parameter.bytes != 0) std::memcpy(block + parameter.offset, value, parameter.bytes);
  }
  return {};
}

// The end of the last parameter: what a caller's own buffer must at least hold.
std::size_t needed_bytes(const Function& function) {
  const auto& parameters = function.kernel().parameters;
  return parameters.empty() ? 0 : parameters.back().offset + parameters.back().bytes;
}

Status pack_buffer(const Function& function, void** extra, std::byte* block) {
  const void* buffer = nullptr;
  std::size_t bytes = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (extra[0] == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = extra[1];
    else if (extra[0] == CU_LAUNCH_PARAM_BUFFER_SIZE && extra[1] != nullptr)
      bytes = *static_cast<const std::size_t*>(extra[1]);
    else
      return bad("The list `extra` has an entry that is neither buffer pointer nor buffer size.");
  }
  if (buffer == nullptr || bytes < needed_bytes(function))
    return bad(fmt::format("The parameter buffer has {} bytes; kernel '{}' needs {}.", bytes,
                           function.name(), needed_bytes(function)));
  std::memcpy(block, buffer, std::min<std::size_t>(bytes, function.kernel().parameter_bytes));
  return {};
}

Status pack(const Function& function, void** parameters, void** extra, std::byte* block) {
  if (parameters != nullptr && extra != nullptr)
    return bad("Parameters and `extra` are both given; only one may be.");
  if (function.kernel().parameters.empty()) return {};
  if (parameters != nullptr) return pack_pointers(function, parameters, block);
  if (extra != nullptr) return pack_buffer(function, extra, block);
  return bad(fmt::format("Kernel '{}' takes {} parameters but none were given.", function.name(),
                         function.kernel().parameters.size()));
}

}  // namespace

Status launch(Function& function, Stream& stream, const LaunchShape& shape, void** parameters,
              void** extra) {
  if (&function.module().context() != &stream.context())
    return Status(StatusCode::kInvalidHandle, "Stream and kernel belong to different contexts.");
  if (Status status = check_shape(function, shape); !status) return status;
  Result<const Function::Version*> version = function.version_for(shape.block);
  if (!version) return std::move(version.error());
  if (Status status = check_resources(function, shape); !status) return status;
  std::size_t bytes = function.kernel().parameter_bytes;
  if (bytes > kMaxParameterBytes)
    return bad(fmt::format("The {} bytes of parameters exceed the limit ({}).", bytes,
                           kMaxParameterBytes));
  alignas(64)
      std::byte block[kMaxParameterBytes + 4];  // pages beyond what is used are never touched
  if (Status status = pack(function, parameters, extra, block); !status) return status;
  if (Status status = function.module().publish_references(); !status) return status;
  cuda_shim_launch request = {
      .executable = (*version)->executable.handle(),
      .config = {.grid = shape.grid,
                 .block = shape.block,
                 .cluster = {1, 1, 1},
                 .dynamic_shared_bytes = shape.dynamic_shared,
                 .flags = shape.cooperative ? std::uint32_t(CUDA_SHIM_LAUNCH_COOPERATIVE) : 0,
                 .grid_id = next_grid_id.fetch_add(1, std::memory_order_relaxed)},
      .parameters = block,
      .parameter_bytes = static_cast<std::uint32_t>(bytes),
      .module_memory = function.module().memory(),
  };
  return stream.submit([&](devices::Queue& queue) { return queue.launch(request); });
}

}  // namespace cuda_shim::objects
