#pragma once
// Tensor maps, textures and surfaces that a PTX test hands to its kernel, as its comments describe
// them. Plain descriptions: the driver API, or the interpreter, makes something of them.

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace cuda_shim::tests {

/// `//! tensor TYPE over PARAMETER extents ... strides ... box ... [steps ...] [swizzle BYTES]
/// [atom BYTES] [flip] [nan] [lower ... upper ... channels N pixels N] [wide | wide128]`: a tensor
/// in the buffer of an earlier parameter (counted from 0). Innermost dimension first; strides are
/// bytes of the other dimensions.
struct TensorMap {
  std::string type;
  unsigned buffer = 0;
  std::vector<std::uint64_t> extents, strides;
  std::vector<std::uint32_t> box, steps;
  unsigned swizzle = 0;           ///< bytes: 0, 32, 64, 128
  unsigned atom = 16;             ///< bytes that the swizzle keeps together: 16, 32, 64
  bool flip = false;              ///< and exchanges the halves of 16 bytes of, every other line
  bool nan = false;               ///< what is outside is the out-of-bounds NaN
  std::vector<int> lower, upper;  ///< of im2col, width first; else empty
  unsigned channels = 0, pixels = 0;
  bool wide = false, wide_128 = false;  ///< columns along the width: im2col::w, im2col::w::128

  bool is_im2col() const { return !lower.empty(); }
};

/// `//! texture GEOMETRY TYPExCHANNELS extents ... [levels N] [linear] [mip_linear] [normalized]
/// [float] [srgb] [seamless] [address MODE MODE MODE] [border R G B A] [bias F] [lod MIN MAX]:
/// texels` and `//! surface GEOMETRY TYPExCHANNELS extents ...: texels`. Extents are width, height,
/// depth, layers or cubes, as far as the geometry has them; texels are those of all levels.
struct TextureObject {
  std::string geometry;  ///< 1d 2d 3d a1d a2d cube acube
  std::string type;      ///< of a channel: u8 s8 u16 s16 u32 s32 f16 f32
  unsigned channels = 1;
  unsigned width = 1, height = 1, depth = 1;  ///< depth: layers and faces, too
  unsigned levels = 1;
  bool linear = false, mip_linear = false, normalized = false;
  bool as_float = false;  ///< integers of 8 and 16 bits are read as fractions
  bool srgb = false, seamless = false;
  std::string address[3] = {"clamp", "clamp", "clamp"};  ///< wrap clamp mirror border
  float border[4] = {};
  float bias = 0, least_level = 0, greatest_level = 16;

  bool is_layered() const { return geometry[0] == 'a'; }
  bool is_cube() const { return geometry.ends_with("cube"); }
  unsigned dimensions() const;
  unsigned channel_bytes() const;
  /// Texels of a level; layers and faces keep their number.
  unsigned width_of(unsigned level) const;
  unsigned height_of(unsigned level) const;
  unsigned depth_of(unsigned level) const;
};

/// What follows the keyword; false if it cannot be understood.
bool parse_tensor(std::istringstream& in, TensorMap* map);
bool parse_texture(std::istringstream& in, TextureObject* texture);

}  // namespace cuda_shim::tests
