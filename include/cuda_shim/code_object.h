#pragma once
/* What the translator makes and a device loads: the machine code of one kernel and the facts a
 * launch needs. C ABI. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cuda_shim_code_format {
  CUDA_SHIM_CODE_HOST_ELF =
      1, /* relocatable ELF for the host; undefined symbols are rows of host_abi.def */
  CUDA_SHIM_CODE_AMDGPU_ELF = 2, /* HSA code object */
  CUDA_SHIM_CODE_SPIRV = 3,
  CUDA_SHIM_CODE_LLVM_BITCODE = 4,
  CUDA_SHIM_CODE_PTX = 5,
} cuda_shim_code_format;

typedef enum cuda_shim_kernel_traits {
  /* A thread may have to wait for another one (barrier, warp operation, spin loop), or leaves early
   * from within a called function: every thread needs a stack of its own. Clear: threads may run to
   * their end one after another on one stack. */
  CUDA_SHIM_KERNEL_NEEDS_FIBERS = 1u << 0,
  CUDA_SHIM_KERNEL_USES_GRID_SYNC = 1u << 1,
  /* Groups are made within rows of threads with equal y and z, not by linear thread index. */
  CUDA_SHIM_KERNEL_GROUPS_ROWS = 1u << 2,
  /* Has loops that wait for what other threads write, perhaps those of earlier blocks. */
  CUDA_SHIM_KERNEL_WAITS = 1u << 4,
  /* The entry returns where it has to wait and is resumed later (host_abi.h): nobody needs a stack
   * of its own, but `frame_bytes` for what it keeps meanwhile. Excludes NEEDS_FIBERS. */
  CUDA_SHIM_KERNEL_RESUMES = 1u << 5,
  /* With RESUMES: all it ever waits for is that every other call of the block waits, too, or has
   * ended, so that it tells nobody; or it returns to give others a turn, and may go on at once. */
  CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS = 1u << 6,
  /* A call of the entry runs all groups of a block, one after another from barrier to barrier; the
   * thread that it gets is the first, and it keeps the place up to date. Excludes NEEDS_FIBERS and
   * RESUMES. */
  CUDA_SHIM_KERNEL_RUNS_BLOCKS = 1u << 7,
  /* With RUNS_BLOCKS: a call may run several blocks that lie side by side in x: the first group of
   * each, then the second of each, and so on. */
  CUDA_SHIM_KERNEL_BLOCKS_ABREAST = 1u << 8,
} cuda_shim_kernel_traits;

/* Facts of one translated kernel. Sizes in bytes. */
typedef struct cuda_shim_kernel_info {
  uint32_t traits; /* cuda_shim_kernel_traits */
  uint32_t
      static_shared_bytes; /* dynamic shared memory begins at this offset of the block's window */
  uint32_t shared_alignment;
  uint32_t local_bytes;     /* stack of one thread, without callees that recurse */
  uint32_t constant_bytes;  /* user .const variables of the module */
  uint32_t parameter_bytes; /* size of the parameter block; parameters lie at their PTX offsets */
  uint32_t registers;       /* an estimate, for cuFuncGetAttribute */
  uint32_t max_threads_per_block; /* .maxntid product; 0: no limit of its own */
  uint32_t required_block[3];     /* .reqntid; 0,0,0: none */
  uint32_t lanes;                 /* threads that one call of the entry runs; 0, 1: one */
  uint32_t frame_bytes; /* of a kernel that is resumed, for each call of the entry; a multiple of
                           its alignment, which is at most a page */
} cuda_shim_kernel_info;

/* Machine code of one kernel. The bytes are borrowed for the duration of Device::load. */
typedef struct cuda_shim_code_object {
  uint32_t size;      /* sizeof(cuda_shim_code_object) of the writer */
  uint32_t format;    /* cuda_shim_code_format */
  const char* kernel; /* PTX name, for messages and profiles */
  const char* entry;  /* symbol of the kernel in `bytes` */
  const void* bytes;
  size_t byte_count;
  cuda_shim_kernel_info info;
} cuda_shim_code_object;

#ifdef __cplusplus
}
#endif
