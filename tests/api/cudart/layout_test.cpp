// The structures that differ between the majors lie in memory as NVIDIA's headers of each major lay
// them out.

#include "api/cudart/layout.h"

#include <gtest/gtest.h>

#include "api/cudart/device_properties.h"

namespace cuda_shim::test {
namespace {

/// The room at the end has another name here.
std::vector<Field> without_reserve(std::vector<Field> fields) {
  std::erase_if(fields, [](const Field& field) { return field.name.starts_with("reserved1"); });
  return fields;
}

template <class Ours>
void expect_layout(const Layout& nvidia) {
  EXPECT_EQ(sizeof(Ours), nvidia.properties_size);
  EXPECT_EQ(without_reserve(property_fields<Ours>()), nvidia.properties);
}

#ifdef HAS_NVIDIA_11
TEST(Layout, OfCuda11IsNvidias) {
  expect_layout<cudart::DeviceProperties11>(nvidia_layout_11());
  EXPECT_EQ(nvidia_layout_11().pointer_attributes_size, 24u);
  EXPECT_EQ(nvidia_layout_11().function_attributes_size, 56u);
}
#endif
#ifdef HAS_NVIDIA_12
TEST(Layout, OfCuda12IsNvidias) {
  expect_layout<cudart::DeviceProperties12>(nvidia_layout_12());
  EXPECT_EQ(nvidia_layout_12().pointer_attributes_size, 24u);
  EXPECT_EQ(nvidia_layout_12().function_attributes_size, 144u);
}
#endif
TEST(Layout, OfCuda13IsNvidias) {
  expect_layout<cudart::DeviceProperties13>(nvidia_layout_13());
  EXPECT_EQ(nvidia_layout_13().pointer_attributes_size, 88u);
  EXPECT_EQ(nvidia_layout_13().function_attributes_size, 144u);
}

}  // namespace
}  // namespace cuda_shim::test
