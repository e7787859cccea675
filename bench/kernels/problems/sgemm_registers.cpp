// The matrix product with a 4x4 tile of results in each thread's registers.
#include "../square_product.h"

void launch_sgemm_registers(int n, const float* a, const float* b, float* c);

namespace bench {

std::unique_ptr<Problem> make_sgemm_registers(std::int64_t size) {
  return std::make_unique<SquareProduct<float>>(int(size), launch_sgemm_registers,
                                                "sgemm_registers", 64);
}

}  // namespace bench
