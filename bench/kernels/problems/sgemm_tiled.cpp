// The matrix product of every CUDA tutorial: 16x16 tiles in shared memory, two barriers for each,
// one element a thread.
#include "../square_product.h"

void launch_sgemm_tiled(int n, const float* a, const float* b, float* c);

namespace bench {

std::unique_ptr<Problem> make_sgemm_tiled(std::int64_t size) {
  return std::make_unique<SquareProduct<float>>(int(size), launch_sgemm_tiled, "sgemm_tiled", 16);
}

}  // namespace bench
