// Calls that the compiler cannot resolve: function pointers from a table and from the host, virtual
// functions, and recursion.

#include "../sample.h"

using Operation = int (*)(int, int);

__device__ int add(int a, int b) {
  return a + b;
}
__device__ int subtract(int a, int b) {
  return a - b;
}
__device__ int multiply(int a, int b) {
  return a * b;
}

__device__ Operation operations[] = {add, subtract, multiply};
__device__ Operation chosen = multiply;

__global__ void apply_table(int* results) {
  results[threadIdx.x] = operations[threadIdx.x % 3](threadIdx.x, 5);
}

__global__ void apply(Operation operation, int* result) {
  *result = operation(6, 7);
}

__device__ __noinline__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__device__ __noinline__ int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

__global__ void recurse(int* results) {
  results[threadIdx.x] = fibonacci(threadIdx.x % 16);
  if (threadIdx.x == 0) results[0] = ackermann(2, 3);
}

struct Shape {
  __device__ virtual int area() const { return -1; }
};
struct Square : Shape {
  __device__ explicit Square(int side) : side(side) {}
  __device__ int area() const override { return side * side; }
  int side;
};
struct Rectangle : Shape {
  __device__ Rectangle(int width, int height) : width(width), height(height) {}
  __device__ int area() const override { return width * height; }
  int width, height;
};

__global__ void measure(int* results) {
  const Square square(threadIdx.x);
  const Rectangle rectangle(threadIdx.x, 3);
  const Shape* shape = threadIdx.x % 2 ? static_cast<const Shape*>(&square) : &rectangle;
  results[threadIdx.x] = shape->area();
}

constexpr int kCount = 64;
int* device_results;
int results[kCount];

void fetch() {
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(results, device_results, sizeof(results), cudaMemcpyDeviceToHost));
}

bool check_table() {
  apply_table<<<1, kCount>>>(device_results);
  fetch();
  bool right = true;
  for (int i = 0; i < kCount; ++i)
    right = right && results[i] == (i % 3 == 0 ? i + 5 : i % 3 == 1 ? i - 5 : i * 5);
  return right;
}

bool check_pointer_from_host() {
  Operation operation;
  SAMPLE_CHECK(cudaMemcpyFromSymbol(&operation, chosen, sizeof(operation)));
  apply<<<1, 1>>>(operation, device_results);
  fetch();
  return results[0] == 42;
}

bool check_recursion() {
  recurse<<<1, kCount>>>(device_results);
  fetch();
  constexpr int kFibonacci[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610};
  bool right = results[0] == 9;
  for (int i = 1; i < kCount; ++i) right = right && results[i] == kFibonacci[i % 16];
  return right;
}

bool check_virtual() {
  measure<<<1, kCount>>>(device_results);
  fetch();
  bool right = true;
  for (int i = 0; i < kCount; ++i) right = right && results[i] == (i % 2 ? i * i : i * 3);
  return right;
}

int main() {
  SAMPLE_CHECK(cudaMalloc(&device_results, sizeof(results)));
  if (!check_table()) return finish(false, "a call through the table is wrong");
  if (!check_pointer_from_host())
    return finish(false, "a call through a pointer from the host is wrong");
  if (!check_recursion()) return finish(false, "a recursive result is wrong");
  return finish(check_virtual(), "a virtual call is wrong");
}
