// The unit that is linked to caller.cu.
__device__ int twice(int value) {
  return 2 * value;
}

int main() {
  return 0;
}
