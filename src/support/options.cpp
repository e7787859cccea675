#include "support/options.h"

#include <cerrno>
#include <cstdlib>

#include "support/log.h"

namespace cuda_shim::support {
namespace {

constexpr OptionRow kRows[] = {
#define CUDA_SHIM_OPTION(name, type, fallback, sentence) \
  {#name, "CUDA_SHIM_" #name, #type, fallback, sentence},
#include "support/options.def"
#undef CUDA_SHIM_OPTION
};

bool parse_number(const char* text, std::int64_t* number) {
  char* end = nullptr;
  errno = 0;
  *number = std::strtoll(text, &end, 0);
  return errno == 0 && end != text && *end == '\0';
}

}  // namespace

std::span<const OptionRow> option_rows() {
  return kRows;
}

const char* option_text(Option option) {
  const OptionRow& row = kRows[static_cast<unsigned>(option)];
  const char* value = std::getenv(row.variable);
  return value ? value : row.fallback;
}

std::int64_t option_number(Option option) {
  const OptionRow& row = kRows[static_cast<unsigned>(option)];
  std::int64_t number = 0;
  const char* text = option_text(option);
  if (parse_number(text, &number)) return number;
  CUDA_SHIM_LOG_ONCE(kWarning, "{}='{}' is not a number; using {}.", row.variable, text,
                     row.fallback);
  parse_number(row.fallback, &number);
  return number;
}

bool option_flag(Option option) {
  return option_number(option) != 0;
}

const char* option_by_name(std::string_view name) {
  for (unsigned i = 0; i < std::size(kRows); ++i)
    if (kRows[i].name == name) return option_text(static_cast<Option>(i));
  return nullptr;
}

}  // namespace cuda_shim::support
