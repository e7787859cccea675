// The layout is that of src/kernels/image/fatbin.h, written down once more on purpose: a test must
// not share the reader's mistakes.

#include "kernels/image/fatbin_builder.h"

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

namespace cuda_shim::kernels::image {
namespace {

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

EntryPlan compressed_plan(std::string_view ptx, std::string payload, std::uint64_t flag) {
  EntryPlan plan;
  plan.flags |= flag;
  plan.compressed_size = static_cast<std::uint32_t>(payload.size());
  plan.raw_size = ptx.size();
  plan.payload = std::move(payload);
  return plan;
}

}  // namespace

std::string build_entry(const EntryPlan& plan) {
  std::string payload = plan.payload;
  payload.resize((payload.size() + 7) / 8 * 8);
  std::string entry;
  append(entry, plan.kind);
  append(entry, plan.version);
  append(entry, static_cast<std::uint32_t>(64 + plan.header_tail.size()));
  append(entry, static_cast<std::uint64_t>(payload.size()));
  append(entry, plan.compressed_size);
  append(entry, std::uint32_t{64});
  append(entry, std::uint16_t{8});
  append(entry, std::uint16_t{7});
  append(entry, plan.compute);
  append(entry, plan.name_offset);
  append(entry, plan.name_size);
  append(entry, plan.flags);
  append(entry, std::uint64_t{0});
  append(entry, plan.raw_size);
  return entry + plan.header_tail + payload;
}

std::string build_fatbin(std::string_view entries) {
  std::string fatbin;
  append(fatbin, std::uint32_t{0xba55ed50});
  append(fatbin, std::uint16_t{1});
  append(fatbin, std::uint16_t{16});
  append(fatbin, static_cast<std::uint64_t>(entries.size()));
  return fatbin.append(entries);
}

EntryPlan plain_plan(std::string_view ptx) {
  EntryPlan plan;
  plan.payload = ptx;
  return plan;
}

EntryPlan lz4_plan(std::string_view ptx) {
  std::string out(LZ4_compressBound(static_cast<int>(ptx.size())), '\0');
  out.resize(LZ4_compress_default(ptx.data(), out.data(), static_cast<int>(ptx.size()),
                                  static_cast<int>(out.size())));
  return compressed_plan(ptx, std::move(out), 0x2000);
}

EntryPlan zstd_plan(std::string_view ptx) {
  std::string out(ZSTD_compressBound(ptx.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), ptx.data(), ptx.size(), 3));
  return compressed_plan(ptx, std::move(out), 0x8000);
}

EntryPlan zlib_plan(std::string_view ptx) {
  uLongf size = compressBound(ptx.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(ptx.data()),
           ptx.size());
  out.resize(size);
  return compressed_plan(ptx, std::move(out), 0x1000);
}

}  // namespace cuda_shim::kernels::image
