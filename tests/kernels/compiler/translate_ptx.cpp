// Translates every kernel of the PTX files given and says which do not translate, and why.

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/translate.h"

namespace {

using namespace cuda_shim;

struct Counts {
  unsigned translated = 0, failed = 0;
};

void translate_file(const char* path, const cuda_shim_target& target, Counts* counts) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto program = kernels::Program::from_ptx({{path, std::move(text)}});
  if (!program) {
    ++counts->failed;
    fmt::print("{}: {}\n", path, program.error().message());
    return;
  }
  for (const kernels::ProgramKernel& kernel : (*program)->kernels()) {
    const auto result = kernels::translate({program->get(), &kernel, target, 3});
    ++(result ? counts->translated : counts->failed);
    if (!result) fmt::print("{}: {}\n", path, result.error().message());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const cuda_shim_target target = tests::this_machine();
  Counts counts;
  for (int i = 1; i < count; ++i) translate_file(arguments[i], target, &counts);
  fmt::print("{} kernels translated, {} failed.\n", counts.translated, counts.failed);
  return counts.failed == 0 ? 0 : 1;
}
