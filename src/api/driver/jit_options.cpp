#include "api/driver/jit_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cuda_shim::driver {

void JitBuffer::write(std::string_view message) const {
  if (!wanted()) return;
  std::size_t bytes = std::min(message.size(), capacity - 1);
  std::memcpy(text, message.data(), bytes);
  text[bytes] = '\0';
  if (filled != nullptr) *filled = reinterpret_cast<void*>(bytes == 0 ? 0 : bytes + 1);
}

Result<JitOptions> read_jit_options(unsigned count, const CUjit_option* options, void** values) {
  JitOptions read;
  if (count != 0 && (options == nullptr || values == nullptr))
    return error(StatusCode::kInvalidValue, "JIT options are counted but not given.");
  for (unsigned i = 0; i < count; ++i) {
    void** value = &values[i];
    // Sizes are passed as numbers in the place of a pointer, of which 32 bits count.
    auto number = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(*value));
    int option = static_cast<int>(options[i]);
    if (option < 0 || option >= CU_JIT_NUM_OPTIONS)
      return error(StatusCode::kInvalidValue, fmt::format("JIT option {} is unknown.", option));
    if (option == CU_JIT_INFO_LOG_BUFFER) read.info.text = static_cast<char*>(*value);
    if (option == CU_JIT_ERROR_LOG_BUFFER) read.errors.text = static_cast<char*>(*value);
    if (option == CU_JIT_WALL_TIME) read.wall_time = value;
    if (option == CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES)
      read.info.capacity = number, read.info.filled = value;
    if (option == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      read.errors.capacity = number, read.errors.filled = value;
  }
  return read;
}

}  // namespace cuda_shim::driver
