#pragma once
/* The shape of a kernel launch, as the device table takes it. C ABI. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cuda_shim_dim3 {
  uint32_t x, y, z;
} cuda_shim_dim3;

typedef enum cuda_shim_launch_flags {
  /* All blocks of the grid are alive together (cuLaunchCooperativeKernel). */
  CUDA_SHIM_LAUNCH_COOPERATIVE = 1u << 0,
} cuda_shim_launch_flags;

/* One launch. The caller has checked it against the limits of device and kernel. */
typedef struct cuda_shim_launch_config {
  cuda_shim_dim3 grid;           /* blocks */
  cuda_shim_dim3 block;          /* threads of a block */
  cuda_shim_dim3 cluster;        /* blocks of a cluster; 1,1,1 without clusters */
  uint32_t dynamic_shared_bytes; /* beyond the kernel's static shared memory */
  uint32_t flags;                /* cuda_shim_launch_flags */
  uint64_t grid_id;              /* %gridid: unique within the process */
} cuda_shim_launch_config;

#ifdef __cplusplus
}
#endif
