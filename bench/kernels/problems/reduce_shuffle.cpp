// The sum of an array by warp shuffles, one barrier for each block.
#include "../sum_problem.h"

void launch_reduce_shuffle(int n, int blocks, const float* in, float* partial, float* out);

namespace bench {

std::unique_ptr<Problem> make_reduce_shuffle(std::int64_t size) {
  return std::make_unique<Sum>(int(size), launch_reduce_shuffle, 1024);
}

}  // namespace bench
