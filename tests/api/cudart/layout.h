#pragma once
// Where the fields of a structure lie, so that ours and NVIDIA's can be compared though they are
// never in one translation unit.

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace cuda_shim::test {

struct Field {
  std::string name;
  std::size_t offset;
  std::size_t size;
  bool operator==(const Field&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Field& field) {
  return out << field.name << " at " << field.offset << ", " << field.size << " bytes";
}

struct Layout {
  std::size_t properties_size;
  std::vector<Field> properties;  ///< of cudaDeviceProp, named as in device_properties.def
  std::size_t pointer_attributes_size;
  std::size_t function_attributes_size;
};

/// Of NVIDIA's headers of that major; only those exist whose headers were found.
Layout nvidia_layout_11();
Layout nvidia_layout_12();
Layout nvidia_layout_13();

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winvalid-offsetof"
// Of internal linkage: each of NVIDIA's majors calls its own structure cudaDeviceProp.
template <class Properties>
static std::vector<Field> property_fields() {
  std::vector<Field> fields;
#define CUDA_SHIM_PROPERTY(layouts, type, name, attribute) \
  if constexpr (requires(Properties it) { it.name; })      \
    fields.push_back({#name, offsetof(Properties, name), sizeof(Properties::name)});
#define CUDA_SHIM_PROPERTY_LIST(layouts, type, name, count, attribute) \
  CUDA_SHIM_PROPERTY(layouts, type, name, )
#define CUDA_SHIM_PROPERTY_OTHER(layouts, type, name, extent) \
  CUDA_SHIM_PROPERTY(layouts, type, name, )
#include "api/cudart/device_properties.def"
#undef CUDA_SHIM_PROPERTY
#undef CUDA_SHIM_PROPERTY_LIST
#undef CUDA_SHIM_PROPERTY_OTHER
  return fields;
}
#pragma clang diagnostic pop

}  // namespace cuda_shim::test
