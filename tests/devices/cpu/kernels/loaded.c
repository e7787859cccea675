// Kernels for the loader's tests: each needs another kind of reference.

#include <string.h>

#include "cuda_shim/host_abi.h"

struct parameters {
  unsigned* out;
};

static unsigned* own_word(cuda_shim_host_thread* thread) {
  const struct parameters* parameters = (const struct parameters*)thread->block->parameters;
  return parameters->out + thread->block->ctaid.x * thread->block->ntid.x + thread->tid.x;
}

// Calls into the device, and a constant table.
static const unsigned squares[8] = {0, 1, 4, 9, 16, 25, 36, 49};

void sum_of_squares(cuda_shim_host_thread* thread) {
  unsigned value = squares[thread->tid.x % 8];
  for (unsigned step = 16; step; step /= 2)
    value += (unsigned)cuda_shim_host_shuffle(thread, CUDA_SHIM_SHFL_BFLY, value, step, 31, ~0u);
  *own_word(thread) = value;
}

// Pointers to functions in a table that needs absolute addresses, chosen at run time.
static unsigned twice(unsigned x) {
  return 2 * x;
}
static unsigned square(unsigned x) {
  return x * x;
}
unsigned (*const functions[2])(unsigned) = {twice, square};

void through_pointers(cuda_shim_host_thread* thread) {
  *own_word(thread) = functions[thread->tid.x & 1](thread->tid.x);
}

// Variables, zeroed and initialised.
unsigned counter;
unsigned start = 40;

void counts(cuda_shim_host_thread* thread) {
  *own_word(thread) = start + ++counter;
}

// C functions that compilers call by themselves.
void copies(cuda_shim_host_thread* thread) {
  unsigned from[64], to[64];
  memset(from, thread->tid.x + 1, sizeof(from));
  memcpy(to, from, sizeof(unsigned) * (32 + thread->tid.x % 32));
  *own_word(thread) = to[thread->tid.x % 32];
}
