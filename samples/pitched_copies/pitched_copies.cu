// Rows with a pitch and boxes: allocation, two- and three-dimensional copies and fills.

#include <vector>

#include "../sample.h"

__global__ void transpose_add(const char* rows, std::size_t pitch, int width, int height,
                              int* out) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height)
    out[x * height + y] = reinterpret_cast<const int*>(rows + y * pitch)[x] + 1;
}

bool check_2d() {
  constexpr int kWidth = 37, kHeight = 21;
  std::vector<int> host(kWidth * kHeight), result(kWidth * kHeight);
  for (std::size_t i = 0; i < host.size(); ++i) host[i] = static_cast<int>(i * 3);
  char* rows;
  std::size_t pitch;
  int* out;
  SAMPLE_CHECK(cudaMallocPitch(&rows, &pitch, kWidth * sizeof(int), kHeight));
  SAMPLE_CHECK(cudaMalloc(&out, result.size() * sizeof(int)));
  SAMPLE_CHECK(cudaMemcpy2D(rows, pitch, host.data(), kWidth * sizeof(int), kWidth * sizeof(int),
                            kHeight, cudaMemcpyHostToDevice));
  SAMPLE_CHECK(cudaMemset2D(rows + 4 * sizeof(int), pitch, 0, 2 * sizeof(int),
                            3));  // columns 4 and 5 of three rows
  transpose_add<<<dim3(5, 3), dim3(8, 8)>>>(rows, pitch, kWidth, kHeight, out);
  SAMPLE_CHECK(cudaGetLastError());
  SAMPLE_CHECK(cudaMemcpy(result.data(), out, result.size() * sizeof(int), cudaMemcpyDeviceToHost));
  bool right = pitch >= kWidth * sizeof(int);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool filled = (x == 4 || x == 5) && y < 3;
      right = right && result[x * kHeight + y] == (filled ? 1 : host[y * kWidth + x] + 1);
    }
  }
  return right;
}

bool check_3d() {
  const cudaExtent whole = make_cudaExtent(12 * sizeof(int), 5, 4),
                   part = make_cudaExtent(3 * sizeof(int), 2, 2);
  std::vector<int> host(12 * 5 * 4), back(host.size(), -1);
  for (std::size_t i = 0; i < host.size(); ++i) host[i] = static_cast<int>(i);
  cudaPitchedPtr device;
  SAMPLE_CHECK(cudaMalloc3D(&device, whole));
  SAMPLE_CHECK(cudaMemset3D(device, 0, whole));

  cudaMemcpy3DParms copy = {};
  copy.srcPtr = make_cudaPitchedPtr(host.data(), 12 * sizeof(int), 12, 5);
  copy.dstPtr = device;
  copy.srcPos = make_cudaPos(2 * sizeof(int), 1, 1);
  copy.dstPos = make_cudaPos(4 * sizeof(int), 3, 2);
  copy.extent = part;
  copy.kind = cudaMemcpyHostToDevice;
  SAMPLE_CHECK(cudaMemcpy3D(&copy));

  cudaMemcpy3DParms fetch = {};
  fetch.srcPtr = device;
  fetch.dstPtr = make_cudaPitchedPtr(back.data(), 12 * sizeof(int), 12, 5);
  fetch.extent = whole;
  fetch.kind = cudaMemcpyDeviceToHost;
  SAMPLE_CHECK(cudaMemcpy3D(&fetch));

  bool right = true;
  for (int z = 0; z < 4; ++z) {
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 12; ++x) {
        const bool copied = x >= 4 && x < 7 && y >= 3 && z >= 2;
        const int source = copied ? host[((z - 1) * 5 + y - 2) * 12 + x - 2] : 0;
        right = right && back[(z * 5 + y) * 12 + x] == source;
      }
    }
  }
  return right;
}

int main() {
  if (!check_2d()) return finish(false, "a row is wrong");
  return finish(check_3d(), "a box is wrong");
}
