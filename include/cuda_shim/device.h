#pragma once
/* The device table: all that an accelerator implements to run CUDA programs. C ABI, versioned by
 * size, so that a plug-in built elsewhere keeps working. Our own devices (src/devices) use the same
 * table.
 *
 * Conventions. Every function returns a StatusCode of status.h (0 is success) and may be called
 * from any thread. On failure it may first call services->report with a sentence. Device addresses
 * are 64-bit integers. Strings are borrowed. Entries marked `optional` may be null; the capability
 * bit says so. The layer above validates all arguments. */

#include <stddef.h>
#include <stdint.h>

#include "cuda_shim/code_object.h"
#include "cuda_shim/launch_config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t cuda_shim_status;
typedef struct cuda_shim_device_impl* cuda_shim_device;
typedef struct cuda_shim_queue_impl* cuda_shim_queue;
typedef struct cuda_shim_executable_impl* cuda_shim_executable;

typedef enum cuda_shim_capability {
  /* Device memory is host memory: host pointers may be used by kernels, device pointers by the
     host. */
  CUDA_SHIM_CAP_SHARED_HOST_MEMORY = 1u << 0,
  CUDA_SHIM_CAP_TIMESTAMPS = 1u << 1,
  CUDA_SHIM_CAP_COOPERATIVE = 1u << 2,
  CUDA_SHIM_CAP_PEER_ACCESS = 1u << 3,
} cuda_shim_capability;

/* Static facts of one device. Bytes, kHz, counts. `size` is the writer's sizeof. */
typedef struct cuda_shim_device_properties {
  uint32_t size;
  uint32_t capabilities;
  char name[256];
  uint8_t uuid[16];
  uint64_t total_memory;
  uint32_t compute_major, compute_minor; /* CUDA compute capability that the device offers */
  uint32_t multiprocessors;
  uint32_t warp_size;
  uint32_t max_threads_per_block;
  uint32_t max_threads_per_multiprocessor;
  uint32_t max_blocks_per_multiprocessor;
  uint32_t max_block[3];
  uint32_t max_grid[3];
  uint32_t shared_per_block; /* without opting in */
  uint32_t shared_per_block_optin;
  uint32_t shared_per_multiprocessor;
  uint32_t registers_per_block;
  uint32_t clock_khz;
  uint32_t memory_clock_khz;
  uint32_t memory_bus_bits;
  uint32_t l2_bytes;
  uint32_t pci_domain, pci_bus, pci_device;
} cuda_shim_device_properties;

/* What the translator must produce for a device. Everything that changes the code is in here: it is
 * part of the cache key. */
typedef struct cuda_shim_target {
  uint32_t size;
  uint32_t format; /* cuda_shim_code_format */
  char triple[64];
  char cpu[64];
  char features[1024];
  char engine[16]; /* "scalar", "simd" for the CPU; empty elsewhere */
  uint32_t compute_major, compute_minor;
  uint32_t specialises; /* not 0: code that is made for one size of block is worth having */
} cuda_shim_target;

/* One 1D, 2D or 3D copy of bytes between addresses the device can reach. */
typedef struct cuda_shim_copy {
  uint64_t destination, source;
  size_t width;                           /* bytes of a row */
  size_t height, depth;                   /* rows, slices; at least 1 */
  size_t destination_pitch, source_pitch; /* bytes from row to row */
  size_t destination_slice, source_slice; /* bytes from slice to slice */
} cuda_shim_copy;

/* Fills `height` rows of `width` elements of `element_bytes` (1, 2, 4) with the low bytes of
 * `value`. */
typedef struct cuda_shim_fill {
  uint64_t destination;
  size_t width, height;
  size_t pitch; /* bytes from row to row */
  uint32_t value;
  uint32_t element_bytes;
} cuda_shim_fill;

/* Where and why a kernel failed; filled as far as known. */
typedef struct cuda_shim_fault {
  cuda_shim_status code;
  const char* kernel;
  cuda_shim_dim3 block, thread;
  uint64_t address; /* that was touched; 0 if the fault has none */
} cuda_shim_fault;

/* What the layer above offers to a device. */
typedef struct cuda_shim_services {
  uint32_t size;
  /* Logs one sentence. level: 0 error, 1 warning, 2 info, 3 debug. */
  void (*report)(int level, const char* sentence);
  /* Value of the option CUDA_SHIM_<name>, or null. Valid for the life of the process. */
  const char* (*option)(const char* name);
} cuda_shim_services;

/* Amounts that an application may set for a context (cuCtxSetLimit). Bytes. */
typedef enum cuda_shim_limit {
  CUDA_SHIM_LIMIT_STACK = 0,       /* stack of one CUDA thread */
  CUDA_SHIM_LIMIT_MALLOC_HEAP = 1, /* heap of malloc in kernels */
  CUDA_SHIM_LIMIT_PRINTF_FIFO = 2, /* printf output that may wait for a synchronisation */
} cuda_shim_limit;

typedef struct cuda_shim_launch {
  cuda_shim_executable executable;
  cuda_shim_launch_config config;
  const void* parameters; /* copied before launch returns */
  uint32_t parameter_bytes;
  uint64_t module_memory; /* device address of the module's global and constant variables; 0: it has
                             none */
} cuda_shim_launch;

/* What an executable was used for since it was loaded. */
typedef struct cuda_shim_usage {
  uint64_t launches;    /* that have ended */
  uint64_t nanoseconds; /* from beginning to end of each, added up */
} cuda_shim_usage;

typedef struct cuda_shim_backend {
  uint32_t size;
  uint32_t abi;     /* CUDA_SHIM_DEVICE_ABI */
  const char* name; /* "cpu", "hip", ... */

  /* --- Backend */
  /* Called first, once. */
  cuda_shim_status (*enumerate)(const cuda_shim_services* services, uint32_t* count);
  /* Opens an instance of a device. Each CUDA context opens its own: instances share the hardware
   * and can use each other's addresses, but a fault in one leaves the others alone. */
  cuda_shim_status (*open)(uint32_t ordinal, cuda_shim_device* device);
  /* Waits for all work, then frees everything that the instance allocated. */
  void (*close)(cuda_shim_device device);

  /* --- Device */
  cuda_shim_status (*properties)(cuda_shim_device device, cuda_shim_device_properties* properties);
  cuda_shim_status (*target)(cuda_shim_device device, cuda_shim_target* target);
  /* Memory of `bytes` (at least 1), aligned to `alignment` (a power of two, at least 256 is given).
   */
  cuda_shim_status (*allocate)(cuda_shim_device device, size_t bytes, size_t alignment,
                               uint64_t* address);
  cuda_shim_status (*free)(cuda_shim_device device, uint64_t address);
  cuda_shim_status (*memory_info)(cuda_shim_device device, uint64_t* free_bytes,
                                  uint64_t* total_bytes);
  /* Makes a kernel ready to run. */
  cuda_shim_status (*load)(cuda_shim_device device, const cuda_shim_code_object* code,
                           cuda_shim_executable* executable);
  /* The caller has made sure that no launch of it is pending. */
  void (*unload)(cuda_shim_executable executable);

  /* --- Queue: an in-order sequence of work that runs asynchronously to the host */
  cuda_shim_status (*create_queue)(cuda_shim_device device, int priority, cuda_shim_queue* queue);
  /* Waits for the queue's work, then frees it. */
  void (*destroy_queue)(cuda_shim_queue queue);
  cuda_shim_status (*launch)(cuda_shim_queue queue, const cuda_shim_launch* launch);
  cuda_shim_status (*copy)(cuda_shim_queue queue, const cuda_shim_copy* copy);
  cuda_shim_status (*fill)(cuda_shim_queue queue, const cuda_shim_fill* fill);
  /* Calls function(argument) on a host thread once all earlier work of the queue is done; later
   * work waits for its return. It runs even if earlier work faulted (so that waiters are released).
   */
  cuda_shim_status (*host_call)(cuda_shim_queue queue, void (*function)(void* argument),
                                void* argument);
  /* Marks the end of the work submitted so far. Points of one queue grow from 1 on. */
  cuda_shim_status (*signal)(cuda_shim_queue queue, uint64_t* point);
  /* Later work of `queue` starts only when `other` (of the same device) has reached `point`. */
  cuda_shim_status (*wait)(cuda_shim_queue queue, cuda_shim_queue other, uint64_t point);
  /* 1 when reached. Never blocks. */
  int (*reached)(cuda_shim_queue queue, uint64_t point);
  /* Blocks the calling thread until the point is reached. */
  cuda_shim_status (*synchronize)(cuda_shim_queue queue, uint64_t point);
  /* The first fault of this device instance; code 0: none. After a fault its launches, copies and
   * fills are skipped, its signals, waits and host calls go on, and only closing the instance
   * clears it (a CUDA context does not recover). */
  cuda_shim_status (*fault)(cuda_shim_device device, cuda_shim_fault* fault);

  /* --- Optional */
  /* CUDA_SHIM_CAP_TIMESTAMPS: once all earlier work is done, writes nanoseconds of a monotonic
   * clock to *destination (host memory). */
  cuda_shim_status (*timestamp)(cuda_shim_queue queue, uint64_t* destination);
  /* Sets a cuda_shim_limit for launches from now on. Null: the device has no such limits. */
  cuda_shim_status (*set_limit)(cuda_shim_device device, uint32_t limit, uint64_t value);
  /* Counted from loading on where the option EXPLAIN is set by then, else nought. Null: the device
   * does not count. */
  void (*usage)(cuda_shim_executable executable, cuda_shim_usage* usage);
} cuda_shim_backend;

/* The one symbol that a plug-in exports. Returns null if it cannot serve `abi`. */
typedef const cuda_shim_backend* (*cuda_shim_backend_entry)(uint32_t abi);
#define CUDA_SHIM_BACKEND_ENTRY "cuda_shim_backend_v1"

#ifdef __cplusplus
}
#endif
