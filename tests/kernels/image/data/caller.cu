// The unit that defines the kernel; callee.cu has the function it calls.
__device__ int twice(int value);

__global__ void call(int* value) {
  *value = twice(*value);
}
