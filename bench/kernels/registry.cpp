#include "registry.h"

namespace bench {

#define PROBLEM(name, ...) std::unique_ptr<Problem> make_##name(std::int64_t size);
#include "problems.def"
#undef PROBLEM

namespace {

constexpr Row kRows[] = {
#define PROBLEM(name, group, ...) {#name, Group::group, __VA_ARGS__, make_##name},
#include "problems.def"
#undef PROBLEM
};

constexpr std::string_view kGroupNames[] = {"memory", "warp", "other"};

}  // namespace

std::span<const Row> all_problems() {
  return kRows;
}

std::string_view name_of(Group group) {
  return kGroupNames[static_cast<int>(group)];
}

}  // namespace bench
