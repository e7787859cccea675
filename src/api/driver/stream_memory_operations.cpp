// Stream memory operations: a stream waits for, or writes, a word of memory. Compiled for both
// kinds of default stream.
//
// Each is a host call in the stream. A wait looks at the word again and again, giving the processor
// away in between, and ends when the context has faulted: nobody may be left to write the word
// then.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "api/driver/default_stream.h"
#include "api/objects/allocations.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

template <class Word>
struct Operation {
  Word* place;
  Word value;
  unsigned condition;  // CU_STREAM_WAIT_VALUE_*
  Context* context;
};

template <class Word>
bool holds(Word now, Word value, unsigned condition) {
  switch (condition) {
    case CU_STREAM_WAIT_VALUE_GEQ:  // cyclic: the difference, taken as a signed number
      return static_cast<std::make_signed_t<Word>>(now - value) >= 0;
    case CU_STREAM_WAIT_VALUE_EQ:
      return now == value;
    case CU_STREAM_WAIT_VALUE_AND:
      return (now & value) != 0;
    default:
      return (now | value) != static_cast<Word>(~Word(0));  // NOR
  }
}

template <class Word>
void run_wait(void* argument) {
  std::unique_ptr<Operation<Word>> wait(static_cast<Operation<Word>*>(argument));
  constexpr unsigned kSpins = 1000;
  for (unsigned turn = 0;
       !holds(std::atomic_ref(*wait->place).load(), wait->value, wait->condition); ++turn) {
    if (turn < kSpins) {
      std::this_thread::yield();
    } else if (!wait->context->check()) {
      return;
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

template <class Word>
void run_write(void* argument) {
  std::unique_ptr<Operation<Word>> write(static_cast<Operation<Word>*>(argument));
  std::atomic_ref(*write->place).store(write->value);
}

template <class Word>
Status submit(Stream& stream, CUdeviceptr address, Word value, unsigned condition,
              void (*run)(void*)) {
  auto found = objects::allocations().find(address);
  if (!found || !found->holds(address, sizeof(Word)) || address % sizeof(Word))
    return invalid(fmt::format("0x{:x} is no aligned word of allocated memory.", address));
  if (!stream.context().device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY))
    return not_supported("Memory operations need memory that the host can reach.");
  auto operation = std::make_unique<Operation<Word>>(reinterpret_cast<Word*>(address), value,
                                                     condition, &stream.context());
  Status status = stream.call(run, operation.get());
  if (status) static_cast<void>(operation.release());
  return status;
}

template <class Word>
Status wait(Stream& stream, CUdeviceptr address, Word value, unsigned flags) {
  unsigned condition = flags & ~unsigned(CU_STREAM_WAIT_VALUE_FLUSH);
  if (condition > CU_STREAM_WAIT_VALUE_NOR)
    return invalid(fmt::format("Wait flags 0x{:x} are not valid.", flags));
  return submit<Word>(stream, address, value, condition, run_wait<Word>);
}

template <class Word>
Status write(Stream& stream, CUdeviceptr address, Word value, unsigned flags) {
  if (flags & ~unsigned(CU_STREAM_WRITE_VALUE_NO_MEMORY_BARRIER))
    return invalid(fmt::format("Write flags 0x{:x} are not valid.", flags));
  return submit<Word>(stream, address, value, 0, run_write<Word>);
}

Status apply(Stream& stream, const CUstreamBatchMemOpParams& p) {
  switch (static_cast<int>(p.operation)) {
    case CU_STREAM_MEM_OP_WAIT_VALUE_32:
      return wait<cuuint32_t>(stream, p.waitValue.address, p.waitValue.value, p.waitValue.flags);
    case CU_STREAM_MEM_OP_WAIT_VALUE_64:
      return wait<cuuint64_t>(stream, p.waitValue.address, p.waitValue.value64, p.waitValue.flags);
    case CU_STREAM_MEM_OP_WRITE_VALUE_32:
      return write<cuuint32_t>(stream, p.writeValue.address, p.writeValue.value,
                               p.writeValue.flags);
    case CU_STREAM_MEM_OP_WRITE_VALUE_64:
      return write<cuuint64_t>(stream, p.writeValue.address, p.writeValue.value64,
                               p.writeValue.flags);
    case CU_STREAM_MEM_OP_BARRIER:  // operations of a stream are in order
    case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
      return {};
    default:
      return not_supported(
          fmt::format("Memory operation {} is not supported.", static_cast<int>(p.operation)));
  }
}

}  // namespace

extern "C" {

CUresult cuStreamWaitValue32(CUstream stream, CUdeviceptr addr, cuuint32_t value,
                             unsigned int flags) {
  return on_stream(__func__, stream,
                   [&](Stream& s) { return wait<cuuint32_t>(s, addr, value, flags); });
}

CUresult cuStreamWaitValue64(CUstream stream, CUdeviceptr addr, cuuint64_t value,
                             unsigned int flags) {
  return on_stream(__func__, stream,
                   [&](Stream& s) { return wait<cuuint64_t>(s, addr, value, flags); });
}

CUresult cuStreamWriteValue32(CUstream stream, CUdeviceptr addr, cuuint32_t value,
                              unsigned int flags) {
  return on_stream(__func__, stream,
                   [&](Stream& s) { return write<cuuint32_t>(s, addr, value, flags); });
}

CUresult cuStreamWriteValue64(CUstream stream, CUdeviceptr addr, cuuint64_t value,
                              unsigned int flags) {
  return on_stream(__func__, stream,
                   [&](Stream& s) { return write<cuuint64_t>(s, addr, value, flags); });
}

CUresult cuStreamBatchMemOp(CUstream stream, unsigned int count,
                            CUstreamBatchMemOpParams* paramArray, unsigned int flags) {
  return on_stream(__func__, stream, [&](Stream& s) -> Status {
    if (flags != 0 || (paramArray == nullptr && count != 0))
      return invalid("The operations are null or the flags are not 0.");
    for (unsigned i = 0; i < count; ++i)
      if (Status status = apply(s, paramArray[i]); !status) return status;
    return {};
  });
}

}  // extern "C"
