#include "devices/cpu/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "devices/cpu/thread_pool.h"

namespace cuda_shim::devices::cpu {
namespace {

// Less than this is not worth waking a worker for. Pieces are large, so that memcpy writes around
// the caches as for the whole.
constexpr std::size_t kWorthSharing = 1 << 20;
constexpr std::size_t kPiece = 4 << 20;

// Work on `count` units that may be done in any order by any worker: the pieces of a row, or rows.
struct Pieces {
  void (*run)(const void* work, std::size_t index);
  const void* work;
  std::size_t count;
  std::atomic<std::size_t> next{0};
  std::atomic<int> faults{0};
  std::atomic<std::uint64_t> fault_address{0};
};

void run_pieces(void* context, Worker& worker, std::uint32_t) {
  auto& pieces = *static_cast<Pieces*>(context);
  auto work = [](void* argument) {
    auto& all = *static_cast<Pieces*>(argument);
    for (std::size_t i; (i = all.next.fetch_add(1, std::memory_order_relaxed)) < all.count;)
      all.run(all.work, i);
  };
  if (run_guarded(worker, work, &pieces)) return;
  pieces.next.store(pieces.count, std::memory_order_relaxed);
  if (pieces.faults.fetch_add(1) == 0) pieces.fault_address = worker.abandonment.address;
}

// Runs all pieces, with others if there are several; an address that is not there is recorded as a
// fault.
void run_all(Instance& instance, Pieces& pieces, Worker& worker, const char* what) {
  ThreadPool& pool = ThreadPool::get();
  auto helpers = static_cast<std::uint32_t>(std::min<std::size_t>(pieces.count, pool.size()) - 1);
  if (helpers == 0) {
    run_pieces(&pieces, worker, 0);
  } else {
    SharedJob job = {.run = run_pieces, .context = &pieces};
    pool.share(job, helpers, worker);
  }
  if (pieces.faults == 0) return;
  cuda_shim_fault fault = {};
  fault.code = static_cast<cuda_shim_status>(StatusCode::kIllegalAddress);
  fault.address = pieces.fault_address;
  instance.record_fault(fault, fmt::format("A {} touched address {:#x}, which is not accessible.",
                                           what, fault.address));
}

// --- Copies

bool overlap(const cuda_shim_copy& copy) {
  auto extent = [&copy](std::size_t pitch, std::size_t slice) {
    return (copy.depth - 1) * slice + (copy.height - 1) * pitch + copy.width;
  };
  std::uint64_t to = copy.destination, from = copy.source;
  return to < from + extent(copy.source_pitch, copy.source_slice) &&
         from < to + extent(copy.destination_pitch, copy.destination_slice);
}

// Rows that follow each other without a gap on both sides are one long row.
cuda_shim_copy simplified(cuda_shim_copy copy) {
  auto dense = [](std::size_t step, std::size_t a, std::size_t b) {
    return step == a && step == b;
  };
  if (copy.height == 1) {
    copy.height = copy.depth;
    copy.depth = 1;
    copy.source_pitch = copy.source_slice;
    copy.destination_pitch = copy.destination_slice;
  } else if (dense(copy.width, copy.source_pitch, copy.destination_pitch) &&
             (copy.depth == 1 ||
              dense(copy.width * copy.height, copy.source_slice, copy.destination_slice))) {
    copy.width *= copy.height * copy.depth;
    copy.height = copy.depth = 1;
  }
  if (copy.depth == 1 && dense(copy.width, copy.source_pitch, copy.destination_pitch)) {
    copy.width *= copy.height;
    copy.height = 1;
  }
  return copy;
}

void* pointer(std::uint64_t address) {
  return reinterpret_cast<void*>(address);
}

void copy_piece(const void* work, std::size_t index) {
  const auto& copy = *static_cast<const cuda_shim_copy*>(work);
  std::size_t start = index * kPiece;
  std::memcpy(pointer(copy.destination + start), pointer(copy.source + start),
              std::min(kPiece, copy.width - start));
}

void copy_row(const void* work, std::size_t index) {
  const auto& copy = *static_cast<const cuda_shim_copy*>(work);
  std::size_t y = index % copy.height, z = index / copy.height;
  // memmove: rows of source and destination may lie in one allocation.
  std::memmove(pointer(copy.destination + z * copy.destination_slice + y * copy.destination_pitch),
               pointer(copy.source + z * copy.source_slice + y * copy.source_pitch), copy.width);
}

void copy_rows(const void* work, std::size_t) {
  const auto& copy = *static_cast<const cuda_shim_copy*>(work);
  for (std::size_t i = 0; i < copy.height * copy.depth; ++i) copy_row(work, i);
}

// --- Fills

template <class Element>
void fill_elements(void* to, std::uint32_t value, std::size_t count) {
  std::fill_n(static_cast<Element*>(to), count, static_cast<Element>(value));
}

void fill_range(const cuda_shim_fill& fill, std::uint64_t address, std::size_t count) {
  switch (fill.element_bytes) {
    case 1:
      std::memset(pointer(address), static_cast<int>(fill.value & 0xff), count);
      return;
    case 2:
      return fill_elements<std::uint16_t>(pointer(address), fill.value, count);
    default:
      return fill_elements<std::uint32_t>(pointer(address), fill.value, count);
  }
}

void fill_piece(const void* work, std::size_t index) {
  const auto& fill = *static_cast<const cuda_shim_fill*>(work);
  std::size_t elements = kPiece / fill.element_bytes;
  std::size_t start = index * elements;
  fill_range(fill, fill.destination + start * fill.element_bytes,
             std::min(elements, fill.width - start));
}

void fill_rows(const void* work, std::size_t) {
  const auto& fill = *static_cast<const cuda_shim_fill*>(work);
  for (std::size_t y = 0; y < fill.height; ++y)
    fill_range(fill, fill.destination + y * fill.pitch, fill.width);
}

void fill_row(const void* work, std::size_t y) {
  const auto& fill = *static_cast<const cuda_shim_fill*>(work);
  fill_range(fill, fill.destination + y * fill.pitch, fill.width);
}

}  // namespace

void run_copy(Instance& instance, const cuda_shim_copy& asked, Worker& worker) {
  if (asked.width == 0 || asked.height == 0 || asked.depth == 0) return;
  cuda_shim_copy copy = simplified(asked);
  std::size_t rows = copy.height * copy.depth;
  Pieces pieces = {.run = copy_rows, .work = &copy, .count = 1};
  if (copy.width * rows >= kWorthSharing && !overlap(copy)) {
    bool one_row = rows == 1;
    pieces.run = one_row ? copy_piece : copy_row;
    pieces.count = one_row ? (copy.width + kPiece - 1) / kPiece : rows;
  }
  run_all(instance, pieces, worker, "copy");
}

void run_fill(Instance& instance, const cuda_shim_fill& asked, Worker& worker) {
  if (asked.width == 0 || asked.height == 0) return;
  cuda_shim_fill fill = asked;
  if (fill.height > 1 && fill.pitch == fill.width * fill.element_bytes) {
    fill.width *= fill.height;
    fill.height = 1;
  }
  std::size_t bytes = fill.width * fill.element_bytes * fill.height;
  Pieces pieces = {.run = fill_rows, .work = &fill, .count = 1};
  if (bytes >= kWorthSharing) {
    bool one_row = fill.height == 1;
    pieces.run = one_row ? fill_piece : fill_row;
    pieces.count = one_row ? (fill.width * fill.element_bytes + kPiece - 1) / kPiece : fill.height;
  }
  run_all(instance, pieces, worker, "fill");
}

}  // namespace cuda_shim::devices::cpu
