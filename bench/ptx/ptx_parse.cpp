// How fast PTX is outlined and parsed, and how long opening a program of 10,000 kernels takes.
//
// The text is made here, in the shape that nvcc writes. CUDA_SHIM_BENCH_PTX=<file> measures the
// first two on a file instead.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "kernels/program.h"
#include "kernels/ptx/parser.h"

namespace {

using namespace cuda_shim::kernels;

constexpr std::string_view kBody = R"(
	.reg .pred 	%p<3>;
	.reg .b32 	%r<9>;
	.reg .b64 	%rd<13>;

	ld.param.u64 	%rd4, [_Z6kernelPfS_i_param_0];
	cvta.to.global.u64 	%rd1, %rd4;
	mov.u32 	%r4, %ntid.x;
	mov.u32 	%r5, %ctaid.x;
	mad.lo.s32 	%r1, %r5, %r4, %r6;
	setp.ge.s32 	%p1, %r1, %r3;
	@%p1 bra 	$L__BB0_3;
	mul.wide.s32 	%rd7, %r1, 4;
	add.s64 	%rd8, %rd1, %rd7;
	ld.global.v4.f32 	{%f1, %f2, %f3, %f4}, [%rd8+16];
	fma.rn.f32 	%f5, %f1, 0f3F800000, %f2;
	{ // callseq 0, 0
	.param .b64 param0;
	st.param.b64 	[param0], %rd8;
	.param .b32 retval0;
	call.uni (retval0), vprintf, (param0);
	ld.param.b32 	%r7, [retval0];
	} // callseq 0
	st.global.f32 	[%rd8], %f5;
$L__BB0_3:
	ret;
)";

std::string make_module(std::size_t kernels, std::size_t repeats) {
  std::string text = ".version 8.8\n.target sm_89\n.address_size 64\n";
  text += ".extern .func (.param .b32 r) vprintf (.param .b64 a);\n";
  for (std::size_t i = 0; i < kernels; ++i) {
    text += fmt::format(".visible .entry _Z6kernel{}PfS_i(\n", i);
    for (int p = 0; p < 4; ++p)
      text += fmt::format("\t.param .u64 _Z6kernel{}PfS_i_param_{}{}\n", i, p, p < 3 ? "," : "");
    text += ")\n.maxntid 256, 1, 1\n{\n";
    for (std::size_t r = 0; r < repeats; ++r) text += kBody;
    text += "}\n";
  }
  return text;
}

const std::string& subject() {
  static const std::string text = [] {
    const char* path = std::getenv("CUDA_SHIM_BENCH_PTX");
    if (path == nullptr) return make_module(1000, 10);
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

void count_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void outline(benchmark::State& state) {
  for (auto _ : state) {
    auto module = ptx::parse_module(subject());
    if (!module) return state.SkipWithError(module.error().to_string().c_str());
    benchmark::DoNotOptimize(module->functions.data());
  }
  count_bytes(state, subject());
}
BENCHMARK(outline);

void parse_everything(benchmark::State& state) {
  for (auto _ : state) {
    auto module = ptx::parse_module(subject());
    if (!module) return state.SkipWithError(module.error().to_string().c_str());
    for (const ptx::Function& function : module->functions) {
      if (!function.has_body()) continue;
      auto body = ptx::parse_body(function);
      if (!body) return state.SkipWithError(body.error().to_string().c_str());
      benchmark::DoNotOptimize(body->statements.data());
    }
  }
  count_bytes(state, subject());
}
BENCHMARK(parse_everything);

void open_10000_kernels(benchmark::State& state) {
  const std::string text = make_module(10000, 1);
  for (auto _ : state) {
    auto program = Program::from_ptx({{"bench", text}});
    if (!program) return state.SkipWithError(std::string(program.error().message()).c_str());
    benchmark::DoNotOptimize((*program)->kernels().data());
  }
  count_bytes(state, text);
}
BENCHMARK(open_10000_kernels)->Unit(benchmark::kMillisecond);

void addressed_functions_of_10000_kernels(benchmark::State& state) {
  const std::string text = make_module(10000, 1);
  for (auto _ : state) {
    state.PauseTiming();
    auto program = Program::from_ptx({{"bench", text}});
    state.ResumeTiming();
    benchmark::DoNotOptimize((*program)->addressed_functions().data());
  }
  count_bytes(state, text);
}
BENCHMARK(addressed_functions_of_10000_kernels)->Unit(benchmark::kMillisecond);

}  // namespace
