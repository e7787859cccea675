#include "api/objects/context.h"

#include <thread>

#include "null_context.h"

namespace cuda_shim::objects {
namespace {

using ContextTest = NullContext;

TEST_F(ContextTest, StreamsEndWithTheirContext) {
  CUstream stream = (*context_->create_stream(StreamRole::kBlocking, 0))->handle();
  ASSERT_NE(find<Stream>(stream), nullptr);
  context_.reset();
  EXPECT_EQ(find<Stream>(stream), nullptr);
}

TEST_F(ContextTest, ADestroyedContextIsToldFromNone) {
  EXPECT_EQ(current_context().error().code(), StatusCode::kInvalidContext);
  push_current(context_->handle());
  EXPECT_EQ(*current_context(), context_.get());
  context_.reset();
  EXPECT_EQ(current_context().error().code(), StatusCode::kContextIsDestroyed);
  pop_current();
}

TEST_F(ContextTest, TheStackIsDeep) {
  for (int i = 0; i < 1000; ++i) push_current(context_->handle());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pop_current(), context_->handle());
  EXPECT_EQ(pop_current(), nullptr);
}

TEST_F(ContextTest, ThePrimaryContextKeepsItsHandleOverAReset) {
  Context& primary = find_device(0)->primary();
  ASSERT_TRUE(primary.retain().ok());
  CUcontext handle = primary.handle();
  std::uint64_t activation = primary.activation();
  CUstream stream = (*primary.create_stream(StreamRole::kBlocking, 0))->handle();
  primary.reset();
  EXPECT_FALSE(primary.active());
  EXPECT_EQ(find<Stream>(stream), nullptr);
  ASSERT_TRUE(primary.retain().ok());
  EXPECT_EQ(primary.handle(), handle);
  EXPECT_NE(primary.activation(), activation);
  EXPECT_TRUE(primary.release().ok());
  EXPECT_TRUE(primary.active()) << "the reset has released nothing";
  EXPECT_TRUE(primary.release().ok());
  EXPECT_EQ(primary.release().code(), StatusCode::kInvalidContext);
}

TEST_F(ContextTest, EachThreadHasADefaultStreamOfItsOwn) {
  Stream* mine = *context_->thread_stream();
  EXPECT_EQ(*context_->thread_stream(), mine);
  CUstream theirs = nullptr;
  std::thread([&] { theirs = (*context_->thread_stream())->handle(); }).join();
  EXPECT_NE(theirs, mine->handle());
  EXPECT_EQ(find<Stream>(theirs), nullptr) << "it ends with its thread";
}

TEST_F(ContextTest, SpecialHandlesMeanTheDefaultStreams) {
  EXPECT_EQ(*resolve_stream(*context_, nullptr, DefaultStream::kLegacy),
            &context_->legacy_stream());
  EXPECT_EQ(*resolve_stream(*context_, CU_STREAM_LEGACY, DefaultStream::kPerThread),
            &context_->legacy_stream());
  EXPECT_EQ(*resolve_stream(*context_, nullptr, DefaultStream::kPerThread),
            *context_->thread_stream());
  EXPECT_EQ(*resolve_stream(*context_, CU_STREAM_PER_THREAD, DefaultStream::kLegacy),
            *context_->thread_stream());
}

TEST_F(ContextTest, LimitsAreReadBack) {
  std::size_t value = 0;
  ASSERT_TRUE(context_->set_limit(CU_LIMIT_STACK_SIZE, 4096).ok());
  ASSERT_TRUE(context_->limit(CU_LIMIT_STACK_SIZE, &value).ok());
  EXPECT_EQ(value, 4096u);
  EXPECT_EQ(context_->set_limit(static_cast<CUlimit>(77), 1).code(), StatusCode::kUnsupportedLimit);
}

TEST_F(ContextTest, EveryDeviceAttributeHasAValue) {
  for (int i = 1; i < CU_DEVICE_ATTRIBUTE_MAX; ++i)
    EXPECT_TRUE(device_attribute(*find_device(0), static_cast<CUdevice_attribute>(i)).has_value())
        << i;
  EXPECT_FALSE(device_attribute(*find_device(0), static_cast<CUdevice_attribute>(0)).has_value());
  EXPECT_FALSE(device_attribute(*find_device(0), CU_DEVICE_ATTRIBUTE_MAX).has_value());
}

TEST_F(ContextTest, AnEventNeverRecordedIsDone) {
  Event event(*context_, 0);
  EXPECT_TRUE(event.done());
  EXPECT_TRUE(event.synchronize().ok());
}

TEST_F(ContextTest, ElapsedTimeNeedsTwoTimedRecords) {
  Event start(*context_, 0), end(*context_, 0), untimed(*context_, CU_EVENT_DISABLE_TIMING);
  EXPECT_EQ(Event::elapsed(start, end).error().code(), StatusCode::kInvalidHandle);
  ASSERT_TRUE(start.record(context_->legacy_stream()).ok());
  ASSERT_TRUE(end.record(context_->legacy_stream()).ok());
  ASSERT_TRUE(untimed.record(context_->legacy_stream()).ok());
  EXPECT_GE(*Event::elapsed(start, end), 0.0f);
  EXPECT_EQ(Event::elapsed(start, untimed).error().code(), StatusCode::kInvalidHandle);
}

TEST_F(ContextTest, AnEventOutlivesTheStreamItWasRecordedOn) {
  Stream* stream = *context_->create_stream(StreamRole::kNonBlocking, 0);
  Event event(*context_, 0);
  ASSERT_TRUE(event.record(*stream).ok());
  context_->destroy_stream(*stream);
  EXPECT_TRUE(event.synchronize().ok());
  EXPECT_TRUE(event.done());
}

}  // namespace
}  // namespace cuda_shim::objects
