#include "overheads_by_hand.h"

#include "../simd.h"

namespace bench {

void empty_parallel_region() {
#pragma omp parallel
  asm volatile("" ::: "memory");
}

void triad(std::size_t count, float s, const float* b, const float* c, float* a) {
#pragma omp parallel for simd schedule(static)
  for (std::size_t i = 0; i < count; ++i) a[i] = b[i] + s * c[i];
}

void triad_streamed(std::size_t count, float s, const float* b, const float* c, float* a) {
  constexpr std::size_t kWidth = kLanes<float>;
#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (std::size_t i = 0; i < count; i += kWidth) stream(a + i, load(b + i) + s * load(c + i));
    stream_fence();
  }
}

}  // namespace bench
