// What launches and bandwidth are compared with.
#pragma once

#include <cstddef>

namespace bench {

void empty_parallel_region();

/// a = b + s c, with ordinary stores, and with stores past the caches.
void triad(std::size_t count, float s, const float* b, const float* c, float* a);
void triad_streamed(std::size_t count, float s, const float* b, const float* c, float* a);

}  // namespace bench
