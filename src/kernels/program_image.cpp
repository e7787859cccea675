#include "kernels/program_image.h"

#include <algorithm>

#include "support/byte_stream.h"

namespace cuda_shim::kernels {
namespace {

using support::ByteReader;
using support::ByteWriter;
using Faults = std::vector<ptx::Diagnostic>;

/// Of what is stored; the units' names are for messages only.
support::Digest digest_of(const std::vector<image::StoredPtx>& units) {
  support::Digester digester;
  for (const image::StoredPtx& unit : units)
    digester.add_number(unit.entry.raw_size)
        .add_number(unit.entry.flags)
        .add_text(unit.entry.payload.text());
  return digester.finish();
}

Result<std::shared_ptr<const Program>> unpack(const std::vector<image::StoredPtx>& units) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const image::StoredPtx& unit : units) {
    Result<image::PtxText> text = image::unpack(unit);
    if (!text) return error(std::move(text.error()));
    texts.emplace_back(std::move(text->name), std::move(text->text));
  }
  return Program::from_ptx(std::move(texts));
}

/// Faults, if the program was checked.
void write_faults(ByteWriter& writer, const std::optional<Faults>& faults) {
  writer.number(faults.has_value());
  if (!faults) return;
  writer.number(faults->size());
  for (const ptx::Diagnostic& fault : *faults)
    writer.number(fault.location.line)
        .number(fault.location.column)
        .text(fault.message)
        .text(fault.text);
}

std::optional<Faults> read_faults(ByteReader& reader) {
  bool checked = false;
  std::uint64_t count = 0;
  reader.number(checked);
  if (!checked) return std::nullopt;
  reader.number(count);
  Faults faults;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    ptx::Diagnostic& fault = faults.emplace_back();
    reader.number(fault.location.line)
        .number(fault.location.column)
        .text(fault.message)
        .text(fault.text);
  }
  return faults;
}

}  // namespace

Result<std::shared_ptr<const ProgramImage>> ProgramImage::open(const void* image,
                                                               std::optional<std::size_t> size,
                                                               const image::ImageOptions& options) {
  Result<std::vector<image::StoredPtx>> units = image::find_ptx(image, size, options);
  if (!units) return error(std::move(units.error()));
  return open(std::move(*units));
}

Result<std::shared_ptr<const ProgramImage>> ProgramImage::from_ptx(
    const std::vector<std::pair<std::string, std::string>>& named_texts) {
  std::vector<image::StoredPtx> units;
  for (const auto& [name, text] : named_texts) {
    image::StoredPtx& unit = units.emplace_back();
    unit.name = name;
    unit.entry.payload = image::Bytes(text.data(), text.size());
  }
  return open(std::move(units));
}

Result<std::shared_ptr<const ProgramImage>> ProgramImage::open(
    std::vector<image::StoredPtx> units) {
  std::shared_ptr<ProgramImage> opened(new ProgramImage());
  opened->digest_ = digest_of(units);
  opened->stored_ = std::move(units);
  if (!opened->recall())
    if (Status status = opened->parse(); !status) return error(std::move(status));
  opened->ready_.resize(opened->outline_->kernels().size());
  cache::KernelCache::process().progress().add_known(opened->ready_.size());
  return opened;
}

ProgramImage::~ProgramImage() {
  const auto done = static_cast<std::size_t>(std::ranges::count(ready_, true));
  cache::KernelCache::process().progress().remove(ready_.size(), done);
}

/// Makes the outline from the PTX.
Status ProgramImage::parse() {
  Result<std::shared_ptr<const Program>> program = unpack(stored_);
  if (!program) return std::move(program.error());
  program_ = std::move(*program);
  stored_.clear();
  outline_.emplace(*program_);
  return {};
}

/// Takes outline and faults as an earlier process wrote them down, and copies of the stored PTX.
bool ProgramImage::recall() {
  const std::optional<std::string> contents = cache::KernelCache::process().program(digest_);
  if (!contents) return false;
  std::string outline;
  ByteReader reader(*contents);
  faults_ = read_faults(reader);
  reader.text(outline);
  if (!reader.complete()) return false;
  outline_ = ProgramOutline::read(std::move(outline));
  if (!outline_) return false;
  written_down_ = true;
  payloads_.reserve(stored_.size());
  for (image::StoredPtx& unit : stored_) {
    const std::string& copy = payloads_.emplace_back(unit.entry.payload.text());
    unit.entry.payload = image::Bytes(copy.data(), copy.size());
    unit.entry.name = {};
  }
  return true;
}

/// Under mutex_.
void ProgramImage::write_down() const {
  ByteWriter outline, all;
  outline_->write(outline);
  write_faults(all, faults_);
  all.text(outline.bytes());
  cache::KernelCache::process().store_program(digest_, all.bytes());
  written_down_ = true;
}

Result<const Program*> ProgramImage::program() const {
  const std::lock_guard lock(mutex_);
  if (program_ == nullptr) {
    Result<std::shared_ptr<const Program>> opened = unpack(stored_);
    if (!opened) return error(std::move(opened.error()));
    program_ = std::move(*opened);
    stored_.clear();
    payloads_.clear();
  }
  return program_.get();
}

/// Borrows the options, and this.
cache::Wanted ProgramImage::wanted(std::size_t kernel, const CompileOptions& options) const {
  const auto source = [this, kernel]() -> Result<KernelSource> {
    Result<const Program*> opened = program();
    if (!opened) return error(std::move(opened.error()));
    return KernelSource(**opened, (*opened)->kernels()[kernel]);
  };
  return {digest_, kernel, outline_->kernels()[kernel].name, options, source};
}

Result<cache::SharedKernel> ProgramImage::code(std::size_t kernel,
                                               const CompileOptions& options) const {
  bool published = false;
  Result<cache::SharedKernel> code =
      cache::KernelCache::process().kernel(wanted(kernel, options), &published);
  if (code) note_ready(kernel);
  if (!published) return code;
  write_down_if_new();
  ahead_.go_on(weak_from_this(), options);
  return code;
}

bool ProgramImage::translate_ahead(std::size_t kernel, const CompileOptions& options) const {
  bool published = false;
  const bool made =
      cache::KernelCache::process().translate_ahead(wanted(kernel, options), &published);
  if (published) note_ready(kernel);
  if (published) write_down_if_new();
  return made;
}

void ProgramImage::note_ready(std::size_t kernel) const {
  const std::lock_guard lock(mutex_);
  if (ready_[kernel]) return;
  ready_[kernel] = true;
  cache::KernelCache::process().progress().add_done();
}

void ProgramImage::write_down_if_new() const {
  const std::lock_guard lock(mutex_);
  if (!written_down_) write_down();
}

Result<std::vector<ptx::Diagnostic>> ProgramImage::check() const {
  {
    const std::lock_guard lock(mutex_);
    if (faults_) return *faults_;
  }
  Result<const Program*> opened = program();
  if (!opened) return error(std::move(opened.error()));
  Result<Faults> found = verify(**opened);
  if (!found) return found;
  const std::lock_guard lock(mutex_);
  faults_ = *found;
  write_down();
  return found;
}

}  // namespace cuda_shim::kernels
