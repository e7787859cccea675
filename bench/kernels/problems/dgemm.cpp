// The matrix product in double precision, by 16x16 tiles in shared memory.
#include "../square_product.h"

void launch_dgemm(int n, const double* a, const double* b, double* c);

namespace bench {

std::unique_ptr<Problem> make_dgemm(std::int64_t size) {
  return std::make_unique<SquareProduct<double>>(int(size), launch_dgemm, "dgemm", 16);
}

}  // namespace bench
