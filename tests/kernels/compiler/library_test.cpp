// What the compiler library promises to its users: symbols that the device must provide,
// verification, equal bytes for equal requests.

#include <gtest/gtest.h>
#include <llvm/Object/ObjectFile.h>

#include <set>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/translate.h"

namespace cuda_shim::tests {
namespace {

std::set<std::string> provided_symbols() {
  return {
#define CUDA_SHIM_HOST_FUNCTION(result, name, parameters) "cuda_shim_host_" #name,
#include "cuda_shim/host_abi.def"
#undef CUDA_SHIM_HOST_FUNCTION
#define CUDA_SHIM_HOST_LIBM(name) #name,
#include "cuda_shim/host_libm.def"
#undef CUDA_SHIM_HOST_LIBM
  };
}

std::set<std::string> undefined_symbols(const kernels::CompiledKernel& kernel) {
  const llvm::StringRef bytes(reinterpret_cast<const char*>(kernel.bytes.data()),
                              kernel.bytes.size());
  auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "kernel"));
  std::set<std::string> names;
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return names;
  }
  for (const llvm::object::SymbolRef& symbol : (*object)->symbols())
    if ((llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined) != 0)
      names.insert(llvm::cantFail(symbol.getName()).str());
  return names;
}

// A CPU without F16C, FMA and SSE4.1 makes the code generator call what it lacks.
cuda_shim_target plain_machine() {
  cuda_shim_target target = this_machine();
  if (std::string_view(target.triple).starts_with("x86_64")) {
    std::string_view("x86-64").copy(target.cpu, sizeof target.cpu - 1);
    target.cpu[6] = 0;
    std::string_view("+cx16").copy(target.features, sizeof target.features - 1);
    target.features[5] = 0;
  }
  return target;
}

const char* const kCalls = R"(
.visible .entry k(.param .u64 out)
{
  .reg .b64 %rd<4>;
  .reg .b32 %r<4>;
  .reg .b16 %h<4>;
  .reg .f32 %f<8>;
  .reg .f64 %d<8>;
  ld.param.u64 %rd1, [out];
  ld.global.f32 %f1, [%rd1];
  ld.global.f64 %d1, [%rd1+8];
  ld.global.b16 %h1, [%rd1+16];
  fma.rn.f32 %f2, %f1, %f1, %f1;
  fma.rn.f64 %d2, %d1, %d1, %d1;
  cvt.rni.f32.f32 %f3, %f1;
  cvt.rmi.f64.f64 %d3, %d1;
  cvt.f32.f16 %f4, %h1;
  cvt.rn.f16.f32 %h2, %f3;
  cvt.rn.f16.f64 %h3, %d2;
  cvt.rn.bf16.f32 %h1, %f2;
  add.f32 %f5, %f4, %f2;
  add.f64 %d4, %d3, %d2;
  st.global.f32 [%rd1], %f5;
  st.global.f64 [%rd1+8], %d4;
  st.global.b16 [%rd1+16], %h1;
  st.global.b16 [%rd1+18], %h2;
  st.global.b16 [%rd1+20], %h3;
  bar.sync 0;
  add.rm.f32 %f6, %f5, %f1;
  st.global.f32 [%rd1], %f6;
  atom.global.add.noftz.f16 %h3, [%rd1], %h1;
  ret;
}
)";

TEST(Library, CodeNeedsOnlySymbolsOfTheLists) {
  auto program = kernels::Program::from_ptx({{"test", module_text(kCalls)}});
  ASSERT_TRUE(program) << program.error().message();
  const std::set<std::string> provided = provided_symbols();
  for (const cuda_shim_target& target : {this_machine(), plain_machine()}) {
    auto result = kernels::translate(
        {kernels::KernelSource(**program, (*program)->kernels()[0]), {target, 3}});
    ASSERT_TRUE(result) << result.error().message();
    const std::set<std::string> needed = undefined_symbols(*result);
    EXPECT_TRUE(needed.contains("cuda_shim_host_barrier_sync"));
    for (const std::string& name : needed) EXPECT_TRUE(provided.contains(name)) << name;
  }
}

TEST(Library, TheSameRequestGivesTheSameBytes) {
  auto program = kernels::Program::from_ptx({{"test", module_text(kCalls)}});
  ASSERT_TRUE(program) << program.error().message();
  const kernels::KernelSource source(**program, (*program)->kernels()[0]);
  const kernels::CompileRequest request{source, {this_machine(), 3}};
  auto first = kernels::translate(request);
  auto second = kernels::translate(request);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->bytes, second->bytes);
}

TEST(Library, VerificationFindsEachBadKernel) {
  auto program = kernels::Program::from_ptx(
      {{"test",
        module_text(".entry a() { nosuch; }\n.entry b() { ret; }\n.entry c() { bra x; }\n")}});
  ASSERT_TRUE(program) << program.error().message();
  auto faults = kernels::check(**program);
  ASSERT_TRUE(faults);
  ASSERT_EQ(faults->size(), 2u);
  EXPECT_TRUE((*faults)[0].message.starts_with("Kernel 'a'")) << (*faults)[0].message;
  EXPECT_EQ((*faults)[1].location.line, 6u);
}

TEST(Library, AMissingLibraryIsNamed) {
  auto program = kernels::Program::from_ptx({{"test", module_text(".entry a() { ret; }\n")}});
  ASSERT_TRUE(program) << program.error().message();
  // It is looked for next to the file that contains the caller's code: here, the folder of the test
  // executable.
  auto result = kernels::compile(
      {kernels::KernelSource(**program, (*program)->kernels()[0]), {this_machine(), 3}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), StatusCode::kJitCompilerNotFound);
  EXPECT_NE(result.error().message().find("/libcuda_shim_compiler.so'"), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::tests
