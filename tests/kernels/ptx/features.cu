// What nvcc has to write many kinds of PTX for: virtual functions, tables of functions, managed and
// constant variables, strings, structs by value, calls with results, printf, dynamic and static
// shared memory, textures, warp operations, inline assembly with its own scope.

#include <cuda_fp16.h>

#include <cstdio>

struct Shape {
  __device__ virtual int area(int scale) = 0;
};
struct Square : Shape {
  __device__ int area(int scale) override { return scale * scale; }
};
struct Triangle : Shape {
  __device__ int area(int scale) override { return scale * scale / 2; }
};

struct Packet {
  int id;
  double weight[3];
  char tag;
};

__device__ int add_one(int x) {
  return x + 1;
}
__device__ int times_two(int x) {
  return x * 2;
}
using Step = int (*)(int);
__device__ Step steps[2] = {add_one, times_two};
__device__ int matrix[2][3] = {{1}, {2, 3}};
__device__ int* inside = &matrix[1][1];
__device__ const char* greeting = "hello";
__constant__ float coefficients[4] = {1.0f, 0.5f};
__managed__ int shared_with_host = 7;
extern __device__ int elsewhere;

template <class T>
__device__ __noinline__ T twice(T x) {
  return x + x;
}

__device__ __noinline__ Packet change(Packet packet) {
  packet.weight[packet.id & 1] += elsewhere;
  return packet;
}

template <int N>
__global__ void weak_kernel(int* out) {
  out[threadIdx.x] = N;
}
template __global__ void weak_kernel<3>(int*);

__global__ void __launch_bounds__(256, 2) everything(int* out, Packet packet, Step* step, int n) {
  extern __shared__ int dynamic[];
  __shared__ double fixed[64];
  Shape* shape = n > 3 ? static_cast<Shape*>(new Square) : new Triangle;
  int value = shape->area(n) + steps[n & 1](n) + (*step)(n) + twice(n) + change(packet).id;
  fixed[threadIdx.x & 63] = value * coefficients[n & 3];
  dynamic[threadIdx.x] = *inside + shared_with_host;
  __syncthreads();
  int bits;
  asm("{\n .reg .b32 t;\n .reg .pred p;\n add.s32 t, %1, 5;\n setp.lt.s32 p, t, 0;\n"
      " @!p mov.b32 t, 0x10;\n mov.b32 %0, t;\n}"
      : "=r"(bits)
      : "r"(value));
  value += __shfl_xor_sync(0xffffffffu, bits, 1) + __popc(__ballot_sync(0xffffffffu, value > 0));
  switch (n) {
    case 0:
      value += 3;
      break;
    case 1:
      value *= 7;
      break;
    case 2:
      value ^= 9;
      break;
    case 3:
      value -= 11;
      break;
    case 4:
      value /= 3;
      break;
    case 5:
      value <<= 2;
      break;
  }
  atomicAdd(out, value);
  printf("%s %d %f\n", greeting, value, fixed[(threadIdx.x + 1) & 63]);
  out[threadIdx.x] = dynamic[threadIdx.x ^ 1] + __half2int_rn(__float2half(value));
  delete shape;
}

__global__ void sample(cudaTextureObject_t texture, cudaSurfaceObject_t surface, float4* out) {
  out[0] = tex2D<float4>(texture, 1.0f, 2.0f);
  surf2Dwrite(out[1], surface, 0, 0);
}
