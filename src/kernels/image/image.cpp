// Opens an image and links its PTX.

#include "kernels/image/image.h"

#include <utility>
#include <vector>

#include "kernels/image/extract.h"

namespace cuda_shim::kernels::image {

Result<std::shared_ptr<const Program>> open(const void* image, std::optional<std::size_t> size,
                                            const ImageOptions& options) {
  auto texts = extract_ptx(image, size, options);
  if (!texts) return error(std::move(texts.error()));
  std::vector<std::pair<std::string, std::string>> named_texts;
  for (PtxText& text : *texts) named_texts.emplace_back(std::move(text.name), std::move(text.text));
  return Program::from_ptx(std::move(named_texts));
}

}  // namespace cuda_shim::kernels::image
