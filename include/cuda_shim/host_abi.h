#pragma once
/* How translated host code (src/kernels/targets/host) and the CPU device (src/devices/cpu) meet. C
 * ABI.
 *
 * A kernel is one function, `void kernel(cuda_shim_host_thread*)`, that runs one CUDA thread, or
 * one group of threads (simd engine: kernel_info.lanes), from start to end; with the trait
 * RUNS_BLOCKS, all groups of a block, of which it writes the place into the thread that it gets;
 * with BLOCKS_ABREAST, of several blocks. It reads ids and bases from the structures below and
 * calls the functions of host_abi.def for whatever involves other threads or the system.
 *
 * Waiting. In most kernels such a function switches to another thread and returns when this one may
 * go on, so that each needs a stack (trait NEEDS_FIBERS). A kernel with the trait RESUMES returns
 * instead: it keeps what it still needs in thread->frame, whose first word is a
 * cuda_shim_host_resume that goes on with the frame, up to the next wait; the word is null once the
 * kernel has ended. What it waits for it has told one of the await functions. A kernel with the
 * trait RUNS_IN_ROUNDS tells nobody: it counts itself in block->waiting, and returns unless that
 * makes all of block->calls; then it sets that to 0 and goes on. The others are resumed in the
 * order in which they returned.
 *
 * Addresses. Global, constant, local and generic addresses are plain host addresses. Shared
 * addresses are offsets in the block's window, which starts at block->shared; the generic address
 * of shared offset `o` is block->shared + o. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cuda_shim/launch_config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CUDA_SHIM_WARP_SIZE 32

/* One running block. */
typedef struct cuda_shim_host_block {
  cuda_shim_dim3 ntid;
  cuda_shim_dim3 nctaid;
  cuda_shim_dim3 ctaid;
  uint32_t static_shared_bytes;
  uint32_t dynamic_shared_bytes;
  uint32_t smid, nsmid;
  uint64_t gridid;
  unsigned char* shared;           /* window: static, then dynamic shared memory */
  const unsigned char* parameters; /* the launch's parameter block */
  unsigned char* module;           /* the module's global and constant variables */
  uint64_t envreg[4]; /* %envreg0..3; 1 and 2: address (high, low) of the grid workspace of a
                         cooperative launch */
  void* engine;       /* the engine's own */
  /* Of a kernel that runs in rounds: calls that have not ended, and those of them that wait for the
     others. */
  uint32_t calls, waiting;
  uint32_t passed; /* barriers, by all */
  /* With the trait BLOCKS_ABREAST: the blocks that a call runs: ctaid.x of the first, and how many,
     which count up in x. `ctaid` is the one that runs, which the call keeps up to date. */
  uint32_t first, abreast;
} cuda_shim_host_block;

/* One CUDA thread. */
typedef struct cuda_shim_host_thread {
  cuda_shim_dim3 tid;
  uint32_t lane;    /* %laneid: linear thread index % 32 */
  uint32_t warp;    /* %warpid: linear thread index / 32 */
  uint32_t threads; /* that the function runs for: 1, or a group of the simd engine, of which this
                       describes the first */
  cuda_shim_host_block* block;
  void* engine; /* the engine's own */
  void* frame;  /* of a kernel that is resumed: kernel_info.frame_bytes; else the engine's own */
} cuda_shim_host_thread;

typedef void (*cuda_shim_host_kernel)(cuda_shim_host_thread* thread);
typedef void (*cuda_shim_host_resume)(void* frame);

/* Modes of the functions in host_abi.def. */
enum {
  CUDA_SHIM_SHFL_UP = 0,
  CUDA_SHIM_SHFL_DOWN = 1,
  CUDA_SHIM_SHFL_BFLY = 2,
  CUDA_SHIM_SHFL_IDX = 3
};
enum {
  CUDA_SHIM_VOTE_ALL = 0,
  CUDA_SHIM_VOTE_ANY = 1,
  CUDA_SHIM_VOTE_UNI = 2,
  CUDA_SHIM_VOTE_BALLOT = 3
};
enum { CUDA_SHIM_REDUCE_POPC = 0, CUDA_SHIM_REDUCE_AND = 1, CUDA_SHIM_REDUCE_OR = 2 };
enum { CUDA_SHIM_MATCH_ANY = 0, CUDA_SHIM_MATCH_ALL = 1 };
enum {
  CUDA_SHIM_REDUX_ADD = 0,
  CUDA_SHIM_REDUX_MIN_U = 1,
  CUDA_SHIM_REDUX_MAX_U = 2,
  CUDA_SHIM_REDUX_MIN_S = 3,
  CUDA_SHIM_REDUX_MAX_S = 4,
  CUDA_SHIM_REDUX_AND = 5,
  CUDA_SHIM_REDUX_OR = 6,
  CUDA_SHIM_REDUX_XOR = 7
};

#define CUDA_SHIM_HOST_FUNCTION(result, name, parameters) result cuda_shim_host_##name parameters;
#include "cuda_shim/host_abi.def"
#undef CUDA_SHIM_HOST_FUNCTION

#ifdef __cplusplus
}
#endif
