__global__ void spmv_csr(int rows, const int* starts, const int* columns, const float* values,
                         const float* x, float* y) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  float sum = 0;
  for (int i = starts[row]; i < starts[row + 1]; ++i) sum += values[i] * x[columns[i]];
  y[row] = sum;
}

void launch_spmv_csr(int rows, const int* starts, const int* columns, const float* values,
                     const float* x, float* y) {
  spmv_csr<<<(rows + 255) / 256, 256>>>(rows, starts, columns, values, x, y);
}
