// The product of matrices of halves, summed in single precision, by warp-wide matrix operations.
#include "../buffer.h"
#include "../gemm.h"
#include "../problem.h"

void launch_wmma_gemm(int n, const void* a, const void* b, float* c);

namespace bench {
namespace {

using Half = _Float16;

Buffer<Half> random_matrix(int n, std::uint64_t stream) {
  return Buffer<Half>(std::size_t(n) * n,
                      [stream](std::size_t i) { return Half(float(Uniform{-1, 1, stream}(i))); });
}

class WmmaGemm final : public Problem {
 public:
  explicit WmmaGemm(int n)
      : n_(n), a_(random_matrix(n, 0)), b_(random_matrix(n, 1)), c_(std::size_t(n) * n) {}

  void launch() override { launch_wmma_gemm(n_, a_.device(), b_.device(), c_.device()); }
  void reference() override { gemm(n_, n_, n_, a_.host(), b_.host(), c_.host()); }
  double difference() override { return c_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t n = n_;
    return {{{"wmma_gemm", {n / 16 * 32, n / 16}, {32, 4}, {n_, &a_, &b_, &c_}}}, {&c_}};
  }
  Work work() const override { return {2.0 * a_.bytes() + c_.bytes(), 2.0 * n_ * n_ * n_}; }

 private:
  int n_;
  Buffer<Half> a_, b_;
  Buffer<float> c_;
};

}  // namespace

std::unique_ptr<Problem> make_wmma_gemm(std::int64_t size) {
  return std::make_unique<WmmaGemm>(int(size));
}

}  // namespace bench
