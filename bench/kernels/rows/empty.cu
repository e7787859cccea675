__global__ void empty() {}

void launch_empty() {
  empty<<<1, 32>>>();
}
