// The calling thread's stack of current contexts and its default streams.
//
// The stack is plain data: programs call us from destructors that run after those of thread-local
// variables.
#include <algorithm>
#include <cstdlib>

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

// A thread's default streams, one for each context that it used one in. They end with the thread.
struct ThreadStreams {
  struct Entry {
    std::uint64_t activation;
    CUstream stream;
  };
  std::vector<Entry> entries;

  ~ThreadStreams() {
    for (Entry& entry : entries)
      if (Stream* stream = find<Stream>(entry.stream)) stream->context().destroy_stream(*stream);
  }
};

}  // namespace

CUcontext current_handle() {
  return current.depth == 0 ? nullptr : current.at(current.depth - 1);
}

Result<Context*> current_context() {
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

Result<Stream*> Context::thread_stream() {
  thread_local ThreadStreams streams;
  std::uint64_t now = activation();
  for (ThreadStreams::Entry& entry : streams.entries)
    if (entry.activation == now)
      if (Stream* stream = find<Stream>(entry.stream)) return stream;
  Result<Stream*> made = create_stream(StreamRole::kBlocking, 0);
  if (made) streams.entries.push_back({now, (*made)->handle()});
  return made;
}

}  // namespace cuda_shim::objects
