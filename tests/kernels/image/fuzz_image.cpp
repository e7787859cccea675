// libFuzzer target: any bytes as an image of known size. Build image_fuzzer and give it a folder of
// images to start from.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "kernels/image/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cuda_shim::kernels::image;
  // A copy of its own, so that the address sanitizer sees reads beyond it.
  const auto image = std::make_unique<std::uint8_t[]>(size);
  std::memcpy(image.get(), data, size);
  const auto texts = extract_ptx(image.get(), size, {});
  if (texts && texts->empty()) std::abort();
  return 0;
}
