// The list of devices: built-in backends, plug-ins, and what is said when there is none.

#include "devices/registry.h"

#include <gtest/gtest.h>

#include <string>

namespace cuda_shim::devices {
namespace {

TEST(Registry, OffersBackendsInTheOrderOfTheList) {
  auto registry = Registry::open("null,cpu,null");
  ASSERT_TRUE(registry) << registry.error().message();
  ASSERT_EQ(registry->offers().size(), 3u);
  EXPECT_STREQ(registry->offers()[0].backend->name, "null");
  EXPECT_STREQ(registry->offers()[1].backend->name, "cpu");
}

TEST(Registry, EmptyListOffersNothing) {
  auto registry = Registry::open("");
  ASSERT_TRUE(registry);
  EXPECT_TRUE(registry->offers().empty());
}

TEST(Registry, UnknownNameIsAnErrorThatNamesIt) {
  auto registry = Registry::open("cpu,abacus");
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code(), StatusCode::kInvalidDevice);
  EXPECT_NE(registry.error().message().find("'abacus'"), std::string_view::npos);
}

TEST(Registry, PlugInIsLoadedByPathAndItsSentencesArePassedOn) {
  auto registry = Registry::open(CUDA_SHIM_TEST_PLUGIN);
  ASSERT_TRUE(registry) << registry.error().message();
  ASSERT_EQ(registry->offers().size(), 3u);
  EXPECT_EQ(registry->offers()[2].ordinal, 2u);
  auto device = Device::open(registry->offers()[0]);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code(), StatusCode::kInvalidDevice);
  EXPECT_EQ(device.error().message(), "The accelerator is out for lunch.");
}

TEST(Registry, LibraryThatIsNoPlugInIsAnError) {
  auto registry = Registry::open(CUDA_SHIM_TEST_NO_PLUGIN);
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code(), StatusCode::kSharedObjectSymbolNotFound);
}

TEST(Registry, MissingFileIsAnErrorThatNamesIt) {
  auto registry = Registry::open("./no/such/device.so");
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code(), StatusCode::kSharedObjectInitFailed);
  EXPECT_NE(registry.error().message().find("no/such/device.so"), std::string_view::npos);
}

TEST(Registry, FailureWithoutASentenceStillGetsOne) {
  Status status = to_status(999);
  EXPECT_EQ(status.code(), StatusCode::kUnknown);
  EXPECT_FALSE(status.message().empty());
}

}  // namespace
}  // namespace cuda_shim::devices
