// A kernel and its launch, for what nvcc itself puts into a program.
__global__ void kernel(int* value) {
  *value = 1;
}

int main() {
  kernel<<<1, 1>>>(nullptr);
  return cudaDeviceSynchronize() == cudaSuccess ? 0 : 1;
}
