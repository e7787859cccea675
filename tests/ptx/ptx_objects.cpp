#include "ptx/ptx_objects.h"

#include <algorithm>
#include <cstdio>

namespace cuda_shim::tests {
namespace {

/// The numbers up to the next word.
template <class T>
std::vector<T> numbers(std::istringstream& in) {
  std::vector<T> result;
  T number = 0;
  while (in >> number) result.push_back(number);
  if (!in.eof()) in.clear();
  return result;
}

bool parse_tensor_word(const std::string& word, std::istringstream& in, TensorMap* map) {
  if (word == "over") return static_cast<bool>(in >> map->buffer);
  if (word == "swizzle") return static_cast<bool>(in >> map->swizzle);
  if (word == "channels") return static_cast<bool>(in >> map->channels);
  if (word == "pixels") return static_cast<bool>(in >> map->pixels);
  if (word == "atom") return static_cast<bool>(in >> map->atom);
  if (word == "flip") return map->flip = true;
  if (word == "wide") return map->wide = true;
  if (word == "wide128") return map->wide_128 = true;
  if (word == "nan") return map->nan = true;
  if (word == "extents") return !(map->extents = numbers<std::uint64_t>(in)).empty();
  if (word == "strides") return !(map->strides = numbers<std::uint64_t>(in)).empty();
  if (word == "box") return !(map->box = numbers<std::uint32_t>(in)).empty();
  if (word == "steps") return !(map->steps = numbers<std::uint32_t>(in)).empty();
  if (word == "lower") return !(map->lower = numbers<int>(in)).empty();
  if (word == "upper") return !(map->upper = numbers<int>(in)).empty();
  return false;
}

bool set_extents(const std::vector<unsigned>& extents, TextureObject* texture) {
  const unsigned own = texture->is_cube() ? 1 : texture->dimensions();
  const bool has_count = texture->is_layered();
  if (extents.size() != own + (has_count ? 1u : 0u)) return false;
  texture->width = extents[0];
  if (own > 1) texture->height = extents[1];
  if (own > 2) texture->depth = extents[2];
  if (texture->is_cube()) texture->height = texture->width;
  if (has_count) texture->depth = extents.back();
  if (texture->is_cube()) texture->depth *= 6;
  return true;
}

bool parse_texture_word(const std::string& word, std::istringstream& in, TextureObject* texture) {
  if (word == "extents") return set_extents(numbers<unsigned>(in), texture);
  if (word == "levels") return static_cast<bool>(in >> texture->levels);
  if (word == "linear") return texture->linear = true;
  if (word == "mip_linear") return texture->mip_linear = true;
  if (word == "normalized") return texture->normalized = true;
  if (word == "float") return texture->as_float = true;
  if (word == "srgb") return texture->srgb = true;
  if (word == "seamless") return texture->seamless = true;
  if (word == "bias") return static_cast<bool>(in >> texture->bias);
  if (word == "lod")
    return static_cast<bool>(in >> texture->least_level >> texture->greatest_level);
  if (word == "address")
    return static_cast<bool>(in >> texture->address[0] >> texture->address[1] >>
                             texture->address[2]);
  if (word == "border")
    return static_cast<bool>(in >> texture->border[0] >> texture->border[1] >> texture->border[2] >>
                             texture->border[3]);
  return false;
}

}  // namespace

unsigned TextureObject::dimensions() const {
  if (is_cube()) return 3;
  return static_cast<unsigned>(geometry[is_layered() ? 1 : 0] - '0');
}

unsigned TextureObject::channel_bytes() const {
  return static_cast<unsigned>(std::stoi(type.substr(1))) / 8;
}

unsigned TextureObject::width_of(unsigned level) const {
  return std::max(width >> level, 1u);
}
unsigned TextureObject::height_of(unsigned level) const {
  return std::max(height >> level, 1u);
}
unsigned TextureObject::depth_of(unsigned level) const {
  return geometry == "3d" ? std::max(depth >> level, 1u) : depth;
}

bool parse_tensor(std::istringstream& in, TensorMap* map) {
  if (!(in >> map->type)) return false;
  for (std::string word; in >> word;)
    if (!parse_tensor_word(word, in, map)) return false;
  if (map->steps.empty()) map->steps.assign(map->extents.size(), 1);
  return !map->extents.empty();
}

bool parse_texture(std::istringstream& in, TextureObject* texture) {
  std::string format;
  if (!(in >> texture->geometry >> format)) return false;
  const std::size_t times = format.find('x');
  texture->type = format.substr(0, times);
  if (times != format.npos)
    texture->channels = static_cast<unsigned>(std::stoi(format.substr(times + 1)));
  for (std::string word; in >> word;)
    if (!parse_texture_word(word, in, texture)) return false;
  return true;
}

}  // namespace cuda_shim::tests
