#include "kernels/ptx/spellings.h"

#include <span>

namespace cuda_shim::kernels::ptx {
namespace {

// In the order of the enumerations.
constexpr std::string_view kSpaces[] = {"",      "reg",   "sreg",   "const", "global",
                                        "local", "param", "shared", "tex"};
constexpr std::string_view kLinkages[] = {"", "visible", "extern", "weak", "common"};

template <class Enumeration>
std::optional<Enumeration> find(std::span<const std::string_view> spellings,
                                std::string_view word) {
  for (std::size_t i = 1; i < spellings.size(); ++i)
    if (spellings[i] == word) return static_cast<Enumeration>(i);
  return std::nullopt;
}

}  // namespace

std::string_view spelling_of(StateSpace space) {
  return kSpaces[static_cast<unsigned>(space)];
}
std::string_view spelling_of(Linkage linkage) {
  return kLinkages[static_cast<unsigned>(linkage)];
}

std::optional<StateSpace> space_from_spelling(std::string_view word) {
  return find<StateSpace>(kSpaces, word);
}

std::optional<Linkage> linkage_from_spelling(std::string_view word) {
  return find<Linkage>(kLinkages, word);
}

}  // namespace cuda_shim::kernels::ptx
