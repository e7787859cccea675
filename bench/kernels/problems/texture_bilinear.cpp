// An image rotated: each element is a bilinear sample of a texture.
//
// Devices hold the place between two elements in 8 bits, the solution by hand in 24: hence the wide
// tolerance.
#include <cmath>

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_texture_bilinear(int width, int height, float cosine, float sine,
                             cudaTextureObject_t image, float* out);

namespace bench {
namespace {

constexpr float kAngle = 0.3f;

using Floats = Vector<float>;
using Ints = Vector<std::int32_t>;

constexpr int kWidth = kLanes<float>;

[[gnu::always_inline]] inline Floats clamp(Floats value, float last) {
  value = value > 0.0f ? value : Floats{};
  return value < last ? value : broadcast(last);
}

[[gnu::always_inline]] inline Floats sample(int n, const float* in, Floats u, Floats v) {
  u = clamp(u - 0.5f, n - 1);
  v = clamp(v - 0.5f, n - 1);
  const Ints left = __builtin_convertvector(u, Ints), top = __builtin_convertvector(v, Ints);
  // At the border the next element is the same one. A comparison gives -1 where it holds.
  const Ints right = left - (left < n - 1), line = top * n, below_line = line + ((top < n - 1) & n);
  const Floats a = u - __builtin_convertvector(left, Floats),
               b = v - __builtin_convertvector(top, Floats);
  const Floats above_left = gather(in, line + left), below_left = gather(in, below_line + left);
  const Floats above = above_left + a * (gather(in, line + right) - above_left);
  const Floats below = below_left + a * (gather(in, below_line + right) - below_left);
  return above + b * (below - above);
}

void rotate_by_hand(int n, float cosine, float sine, const float* in, float* out) {
  const float half = 0.5f * n;
  Floats lanes;
  for (int lane = 0; lane < kWidth; ++lane) lanes[lane] = lane;
#pragma omp parallel for schedule(static)
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; x += kWidth) {
      const Floats dx = lanes + float(x) - half;
      const float dy = y - half;
      store<float>(out + std::size_t(y) * n + x,
                   sample(n, in, half + cosine * dx - sine * dy, half + sine * dx + cosine * dy));
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
  OpenClTwin opencl() const override {
    const std::size_t size = n_, items = (size + 15) / 16 * 16;
    const OpenClImage image = {&in_, size, size};
    return {{{"texture_bilinear",
              {items, items},
              {16, 16},
              {n_, n_, std::cos(kAngle), std::sin(kAngle), image, &out_}}},
            {&out_}};
  }
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
