// The calling thread's stack of current contexts and its default streams.
//
// The stack is plain data: programs call us from destructors that run after those of thread-local
// variables.

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "api/objects/context.h"

namespace cuda_shim::objects {
namespace {

struct CurrentStack {
  static constexpr unsigned kInline = 8;
  unsigned depth;
  unsigned capacity;  // of more; 0 while the inline part is enough
  CUcontext inline_[kInline];
  CUcontext* more;

  CUcontext& at(unsigned index) { return index < kInline ? inline_[index] : more[index - kInline]; }
  bool grow() {
    if (depth < kInline + capacity) return true;
    unsigned wanted = capacity == 0 ? 32 : capacity * 2;
    void* memory = std::realloc(more, wanted * sizeof(CUcontext));
    if (memory == nullptr) return false;
    more = static_cast<CUcontext*>(memory);
    capacity = wanted;
    return true;
  }
};

constinit thread_local CurrentStack current = {};
// How many host functions of the application are running on this thread.
constinit thread_local unsigned host_functions = 0;

// A thread's default streams, one for each context that it used one in.
struct ThreadStream {
  std::uint64_t activation;
  CUstream stream;
};
constinit thread_local std::vector<ThreadStream>* thread_streams = nullptr;

// Ends the default streams with the thread.
void end_thread_streams(void*) {
  std::unique_ptr<std::vector<ThreadStream>> streams(std::exchange(thread_streams, nullptr));
  if (streams == nullptr || !initialized()) return;  // the child of a fork has none
  for (ThreadStream& entry : *streams)
    if (Stream* stream = find<Stream>(entry.stream)) stream->context().destroy_stream(*stream);
}

// A key of the thread library and no thread-local destructor: it is called after all of those,
// which may use a default stream themselves, and again if a later one does.
void end_streams_with_thread() {
  static const pthread_key_t key = [] {
    pthread_key_t made = 0;
    ::pthread_key_create(&made, end_thread_streams);
    return made;
  }();
  ::pthread_setspecific(key, thread_streams);
}

}  // namespace

CUcontext current_handle() {
  return current.depth == 0 ? nullptr : current.at(current.depth - 1);
}

Result<Context*> current_context() {
  if (in_host_function()) return error(not_permitted());
  CUcontext handle = current_handle();
  if (handle == nullptr)
    return error(StatusCode::kInvalidContext, "The calling thread has no current context.");
  Context* context = find<Context>(handle);
  if (context == nullptr || !context->active())
    return error(StatusCode::kContextIsDestroyed, "The current context has been destroyed.");
  return context;
}

void push_current(CUcontext context) {
  if (current.grow()) current.at(current.depth++) = context;
}

CUcontext pop_current() {
  CUcontext top = current_handle();
  if (top != nullptr) --current.depth;
  return top;
}

void set_current(CUcontext context) {
  if (context == nullptr) {
    pop_current();
  } else if (current.depth == 0) {
    push_current(context);
  } else {
    current.at(current.depth - 1) = context;
  }
}

bool in_host_function() {
  return host_functions != 0;
}

Status not_permitted() {
  return Status(StatusCode::kNotPermitted, "A host function in a stream may not call CUDA.");
}

HostFunctionScope::HostFunctionScope() {
  ++host_functions;
}
HostFunctionScope::~HostFunctionScope() {
  --host_functions;
}

Result<Stream*> Context::thread_stream() {
  if (thread_streams == nullptr) {
    thread_streams = new std::vector<ThreadStream>;
    end_streams_with_thread();
  }
  std::uint64_t now = activation();
  for (ThreadStream& entry : *thread_streams)
    if (entry.activation == now)
      if (Stream* stream = find<Stream>(entry.stream)) return stream;
  std::erase_if(*thread_streams, [](ThreadStream& entry) { return !find<Stream>(entry.stream); });
  Result<Stream*> made = create_stream(StreamRole::kBlocking, 0);
  if (made) thread_streams->push_back({now, (*made)->handle()});
  return made;
}

}  // namespace cuda_shim::objects
