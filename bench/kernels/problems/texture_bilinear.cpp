// An image rotated: each element is a bilinear sample of a texture.
//
// Devices hold the place between two elements in 8 bits, the solution by hand in 24: hence the wide
// tolerance.
#include <algorithm>
#include <cmath>

#include "../buffer.h"
#include "../problem.h"

void launch_texture_bilinear(int width, int height, float cosine, float sine,
                             cudaTextureObject_t image, float* out);

namespace bench {
namespace {

constexpr float kAngle = 0.3f;

void rotate_by_hand(int n, float cosine, float sine, const float* in, float* out) {
  const float half = 0.5f * n, last = n - 1;
#pragma omp parallel for schedule(static)
  for (int y = 0; y < n; ++y)
#pragma omp simd
    for (int x = 0; x < n; ++x) {
      const float dx = x - half, dy = y - half;
      const float u = std::clamp(half + cosine * dx - sine * dy - 0.5f, 0.0f, last);
      const float v = std::clamp(half + sine * dx + cosine * dy - 0.5f, 0.0f, last);
      const int left = int(u), top = int(v);
      const int right = std::min(left + 1, n - 1), bottom = std::min(top + 1, n - 1);
      const float a = u - left, b = v - top;
      const float above = in[top * n + left] + a * (in[top * n + right] - in[top * n + left]);
      const float below =
          in[bottom * n + left] + a * (in[bottom * n + right] - in[bottom * n + left]);
      out[y * n + x] = above + b * (below - above);
    }
}

class Texture {
 public:
  Texture(int n, const float* texels) {
    const cudaChannelFormatDesc format = {32, 0, 0, 0, cudaChannelFormatKindFloat};
    check(cudaMallocArray(&array_, &format, n, n, 0));
    check(cudaMemcpy2DToArray(array_, 0, 0, texels, n * sizeof(float), n * sizeof(float), n,
                              cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array_;
    cudaTextureDesc sampling = {};
    sampling.addressMode[0] = sampling.addressMode[1] = cudaAddressModeClamp;
    sampling.filterMode = cudaFilterModeLinear;
    sampling.readMode = cudaReadModeElementType;
    check(cudaCreateTextureObject(&object_, &resource, &sampling, nullptr));
  }
  ~Texture() {
    cudaDestroyTextureObject(object_);
    cudaFreeArray(array_);
  }
  Texture(const Texture&) = delete;
  Texture& operator=(const Texture&) = delete;

  cudaTextureObject_t object() const { return object_; }

 private:
  cudaArray_t array_ = nullptr;
  cudaTextureObject_t object_ = 0;
};

class TextureBilinear final : public Problem {
 public:
  explicit TextureBilinear(int n)
      : n_(n),
        in_(std::size_t(n) * n, Uniform{0.5, 1, 0}),
        out_(std::size_t(n) * n),
        texture_(n, in_.host()) {}

  void launch() override {
    launch_texture_bilinear(n_, n_, std::cos(kAngle), std::sin(kAngle), texture_.object(),
                            out_.device());
  }
  void reference() override {
    rotate_by_hand(n_, std::cos(kAngle), std::sin(kAngle), in_.host(), out_.host());
  }
  double difference() override { return out_.difference(); }
  Work work() const override { return {2.0 * in_.bytes(), double(in_.count())}; }

 private:
  int n_;
  Buffer<float> in_, out_;
  Texture texture_;
};

}  // namespace

std::unique_ptr<Problem> make_texture_bilinear(std::int64_t size) {
  return std::make_unique<TextureBilinear>(int(size));
}

}  // namespace bench
