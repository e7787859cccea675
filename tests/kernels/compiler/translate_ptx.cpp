// Translates every kernel of the PTX files given and says which do not translate, and why; at the
// end, what the device must provide.

#include <fmt/format.h>
#include <llvm/Object/ObjectFile.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <set>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/translate.h"

namespace {

using namespace cuda_shim;

struct Counts {
  unsigned translated = 0, failed = 0;
  std::set<std::string> undefined;  ///< symbols of all objects
};

void add_undefined(const kernels::CompiledKernel& kernel, std::set<std::string>* symbols) {
  const llvm::StringRef bytes(reinterpret_cast<const char*>(kernel.bytes.data()),
                              kernel.bytes.size());
  auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "kernel"));
  if (!object) return llvm::consumeError(object.takeError());
  for (const llvm::object::SymbolRef& symbol : (*object)->symbols()) {
    const auto flags = llvm::cantFail(symbol.getFlags());
    if ((flags & llvm::object::SymbolRef::SF_Undefined) != 0)
      symbols->insert(llvm::cantFail(symbol.getName()).str());
  }
}

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
    const auto result = kernels::translate({kernels::KernelSource(**program, kernel), {target, 3}});
    ++(result ? counts->translated : counts->failed);
    if (result) add_undefined(*result, &counts->undefined);
    if (!result) fmt::print("{}: {}\n", path, result.error().message());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const cuda_shim_target target = tests::this_machine();
  Counts counts;
  for (int i = 1; i < count; ++i) translate_file(arguments[i], target, &counts);
  fmt::print("{} kernels translated, {} failed.\n", counts.translated, counts.failed);
  for (const std::string& name : counts.undefined) fmt::print("needs {}\n", name);
  return counts.failed == 0 ? 0 : 1;
}
