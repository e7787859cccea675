// Texture and surface references, which CUDA 11 was the last to have: bound to plain memory, to
// rows of memory, to arrays and to mipmapped arrays, and bound anew between launches.

#include <cstdio>
#include <vector>

#define EXPECT(condition)                                                                      \
  do {                                                                                         \
    if (!(condition)) {                                                                        \
      std::printf("%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, \
                  cudaGetErrorName(cudaGetLastError()));                                       \
      return 1;                                                                                \
    }                                                                                          \
  } while (false)
#define EXPECT_CUDA(call) EXPECT((call) == cudaSuccess)

constexpr int kThreads = 32;

texture<float, 2> image;
texture<uchar4, 1, cudaReadModeNormalizedFloat> colors;
static texture<int, 1> numbers;
texture<float, 2> levels;
surface<void, 2> target;

__global__ void read_image(float* out) {
  out[threadIdx.x] = tex2D(image, threadIdx.x + 0.5f, 0.5f);
}

__global__ void read_numbers(float* out, int shift) {
  out[threadIdx.x] = tex1Dfetch(numbers, static_cast<int>(threadIdx.x) + shift);
}

__global__ void read_colors(float* out) {
  const float4 color = tex1D(colors, threadIdx.x + 0.5f);
  out[threadIdx.x] = color.x + color.w;
}

__global__ void read_levels(float* out) {
  out[threadIdx.x] = tex2DLod(levels, 0.5f, 0.5f, threadIdx.x * 0.25f);
}

// Clang's headers know surface objects only.
__global__ void write_target() {
  asm volatile("sust.b.2d.b32.trap [target, {%0, %1}], {%2};" ::"r"(threadIdx.x * 4), "r"(1),
               "r"(threadIdx.x * 3));
}

static float* output;

/// What the threads of the last kernel wrote.
static std::vector<float> results() {
  std::vector<float> found(kThreads, -1);
  cudaMemcpy(found.data(), output, kThreads * sizeof(float), cudaMemcpyDeviceToHost);
  return found;
}

static cudaArray_t make_row(float first) {
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  cudaArray_t array = nullptr;
  cudaMallocArray(&array, &format, kThreads, 2, cudaArraySurfaceLoadStore);
  std::vector<float> texels;
  for (int i = 0; i < 2 * kThreads; ++i) texels.push_back(first + i);
  cudaMemcpy2DToArray(array, 0, 0, texels.data(), kThreads * 4, kThreads * 4, 2,
                      cudaMemcpyHostToDevice);
  return array;
}

static int check_arrays() {
  cudaArray_t first = make_row(0), second = make_row(100);
  size_t offset = 77;
  EXPECT(cudaGetTextureAlignmentOffset(&offset, image) == cudaErrorInvalidTextureBinding);
  cudaGetLastError();
  EXPECT_CUDA(cudaBindTextureToArray(image, first));
  EXPECT_CUDA(cudaGetTextureAlignmentOffset(&offset, image));
  EXPECT(offset == 0);
  read_image<<<1, kThreads>>>(output);
  EXPECT_CUDA(cudaBindTextureToArray(image, second));
  EXPECT(results()[7] == 7);
  read_image<<<1, kThreads>>>(output);
  EXPECT(results()[7] == 107);
  image.normalized = 1;
  image.filterMode = cudaFilterModeLinear;
  image.addressMode[0] = cudaAddressModeWrap;
  EXPECT_CUDA(cudaBindTextureToArray(image, second));
  read_image<<<1, kThreads>>>(output);  // x is 0.5, 1.5 ...: the middle; y is the middle too
  EXPECT(results()[3] == 100 + 15.5f + kThreads / 2);
  const textureReference* found = nullptr;
  EXPECT_CUDA(cudaGetTextureReference(&found, &image));
  EXPECT(found == &image && found->filterMode == cudaFilterModeLinear);
  EXPECT(cudaGetTextureReference(&found, &output) == cudaErrorInvalidTexture);
  cudaGetLastError();
  EXPECT_CUDA(cudaUnbindTexture(image));
  return 0;
}

static int check_memory() {
  std::vector<int> values(1024);
  for (int i = 0; i < 1024; ++i) values[i] = i * i;
  int* memory = nullptr;
  size_t offset = 77;
  EXPECT_CUDA(cudaMalloc(&memory, values.size() * sizeof(int)));
  EXPECT_CUDA(cudaMemcpy(memory, values.data(), 4096, cudaMemcpyHostToDevice));
  EXPECT_CUDA(cudaBindTexture(nullptr, numbers, memory));  // all of it
  read_numbers<<<1, kThreads>>>(output, 500);
  EXPECT(results()[9] == 509 * 509);
  EXPECT_CUDA(cudaBindTexture(&offset, numbers, memory + 5, 400));
  EXPECT(offset == 20);
  read_numbers<<<1, kThreads>>>(output, 5);
  EXPECT(results()[9] == 14 * 14);
  read_numbers<<<1, kThreads>>>(output, 95);
  EXPECT(results()[9] == 104 * 104 && results()[10] == 0);
  EXPECT(cudaBindTexture(nullptr, numbers, memory + 5, 400) == cudaErrorInvalidValue);
  cudaGetLastError();

  size_t pitch = 0;
  float* rows = nullptr;
  EXPECT_CUDA(cudaMallocPitch(&rows, &pitch, kThreads * sizeof(float), 2));
  std::vector<float> row(kThreads);
  for (int i = 0; i < kThreads; ++i) row[i] = 0.5f * i;
  EXPECT_CUDA(cudaMemcpy(rows, row.data(), kThreads * 4, cudaMemcpyHostToDevice));
  image.normalized = 0;
  image.filterMode = cudaFilterModePoint;
  EXPECT_CUDA(
      cudaBindTexture2D(&offset, image, rows, cudaCreateChannelDesc<float>(), kThreads, 2, pitch));
  EXPECT(offset == 0);
  read_image<<<1, kThreads>>>(output);
  EXPECT(results()[31] == 15.5f);
  return 0;
}

static int check_colors() {
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<uchar4>();
  cudaArray_t array = nullptr;
  EXPECT_CUDA(cudaMallocArray(&array, &format, kThreads));
  std::vector<uchar4> texels;
  for (int i = 0; i < kThreads; ++i)
    texels.push_back(make_uchar4(static_cast<unsigned char>(51 * (i % 5)), 0, 0, 255));
  EXPECT_CUDA(cudaMemcpy2DToArray(array, 0, 0, texels.data(), kThreads * 4, kThreads * 4, 1,
                                  cudaMemcpyHostToDevice));
  EXPECT_CUDA(cudaBindTextureToArray(colors, array));
  read_colors<<<1, kThreads>>>(output);
  EXPECT(results()[1] == 0.2f + 1);
  EXPECT(results()[5] == 1);
  return 0;
}

static int check_levels() {
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  cudaMipmappedArray_t array = nullptr;
  EXPECT_CUDA(cudaMallocMipmappedArray(&array, &format, make_cudaExtent(4, 4, 0), 3));
  for (unsigned i = 0; i < 3; ++i) {
    cudaArray_t level = nullptr;
    const int size = 4 >> i;
    const std::vector<float> texels(16, static_cast<float>(i * 8));
    EXPECT_CUDA(cudaGetMipmappedArrayLevel(&level, array, i));
    EXPECT_CUDA(cudaMemcpy2DToArray(level, 0, 0, texels.data(), size * 4, size * 4, size,
                                    cudaMemcpyHostToDevice));
  }
  levels.normalized = 1;
  levels.mipmapFilterMode = cudaFilterModeLinear;
  levels.maxMipmapLevelClamp = 2;
  EXPECT_CUDA(cudaBindTextureToMipmappedArray(levels, array));
  read_levels<<<1, kThreads>>>(output);
  EXPECT(results()[0] == 0 && results()[1] == 2 && results()[7] == 14 && results()[31] == 16);
  return 0;
}

static int check_surface() {
  cudaArray_t array = make_row(0);
  EXPECT_CUDA(cudaBindSurfaceToArray(target, array));
  write_target<<<1, kThreads>>>();
  std::vector<unsigned> texels(2 * kThreads);
  EXPECT_CUDA(cudaMemcpy2DFromArray(texels.data(), kThreads * 4, array, 0, 0, kThreads * 4, 2,
                                    cudaMemcpyDeviceToHost));
  EXPECT(texels[0] == 0 && texels[kThreads] == 0 && texels[kThreads + 9] == 27);
  const surfaceReference* found = nullptr;
  EXPECT_CUDA(cudaGetSurfaceReference(&found, &target));
  EXPECT(found == &target);
  EXPECT(cudaGetSurfaceReference(&found, &image) == cudaErrorInvalidSurface);
  cudaGetLastError();
  return 0;
}

int main() {
  EXPECT_CUDA(cudaMalloc(&output, kThreads * sizeof(float)));
  if (check_arrays() || check_memory() || check_colors() || check_levels() || check_surface())
    return 1;
  EXPECT_CUDA(cudaDeviceSynchronize());
  return 0;
}
