// The sum of an array by a tree in shared memory, a barrier at each level.
#include "../sum_problem.h"

void launch_reduce_tree(int n, int blocks, const float* in, float* partial, float* out);

namespace bench {

std::unique_ptr<Problem> make_reduce_tree(std::int64_t size) {
  return std::make_unique<Sum>(int(size), launch_reduce_tree, 256);
}

}  // namespace bench
