#include "images.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "../buffer.h"
#include "blur_by_hand.h"

void launch_empty();
void launch_blur(int width, int height, const float* in, float* out);

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

struct Size {
  int width, height;
};

const std::vector<Size> kFamilies[] = {{{96, 96}, {97, 97}, {89, 101}, {101, 89}},
                                       {{1280, 720}, {1279, 719}, {1283, 727}, {1277, 733}}};

constexpr int kLaunches = 50;
constexpr double kTolerance = 1e-6;

class Image {
 public:
  explicit Image(Size size)
      : size_(size),
        in_(std::size_t(size.width) * size.height, Uniform{0, 1, 0}),
        out_(in_.count()) {}

  void launch() { launch_blur(size_.width, size_.height, in_.device(), out_.device()); }
  void by_hand() { blur_by_hand(size_.width, size_.height, in_.host(), out_.host()); }
  std::size_t pixels() const { return in_.count(); }
  Size size() const { return size_; }

  bool is_right() {
    launch();
    check(cudaDeviceSynchronize());
    by_hand();
    return out_.difference() <= kTolerance;
  }

 private:
  Size size_;
  Buffer<float> in_, out_;
};

template <class Launch>
Way many(Launch launch) {
  return [launch] {
    for (int i = 0; i < kLaunches; ++i) launch();
    check(cudaDeviceSynchronize());
  };
}

/// Of one launch among many, less what an empty one takes in the same rounds.
Json row_of(const Image& image, double empty, double launch, double by_hand) {
  const double nanoseconds = 1e9 / double(image.pixels());
  return {{"width", image.size().width},
          {"height", image.size().height},
          {"us", 1e6 * launch},
          {"ns_per_pixel", std::max(launch - empty, 1e-9) * nanoseconds},
          {"reference_ns_per_pixel", by_hand * nanoseconds}};
}

Json measure_family(const Settings& settings, const std::vector<std::unique_ptr<Image>>& images) {
  std::vector<Way> ways = {many(launch_empty)};
  for (const auto& image : images) {
    ways.push_back(many([&image] { image->launch(); }));
    ways.push_back(many([&image] { image->by_hand(); }));
  }
  const auto times = take_turns(settings, ways);
  Json rows = Json::array();
  for (std::size_t i = 0; i < images.size(); ++i)
    rows.push_back(row_of(*images[i], median(times[0]) / kLaunches,
                          median(times[2 * i + 1]) / kLaunches,
                          median(times[2 * i + 2]) / kLaunches));
  return rows;
}

}  // namespace

Json measure_images(const Settings& settings, bool only_check) {
  Json families = Json::array();
  for (const std::vector<Size>& sizes : kFamilies) {
    std::vector<std::unique_ptr<Image>> images;
    bool all_right = true;
    for (const Size size : sizes) {
      images.push_back(std::make_unique<Image>(size));
      all_right &= images.back()->is_right();
    }
    families.push_back({{"ok", all_right}});
    if (all_right && !only_check) families.back()["sizes"] = measure_family(settings, images);
  }
  return families;
}

}  // namespace bench
