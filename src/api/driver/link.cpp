// Linking (cuLink*): PTX units are gathered and, complete, written as one image that module loading
// accepts.
#include <fmt/format.h>

#include "api/driver/entry.h"
#include "api/driver/loading.h"

#undef cuLinkCreate
#undef cuLinkAddData
#undef cuLinkAddFile

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;

// One CUlinkState. The completed image lives until cuLinkDestroy.
class Link {
 public:
  static constexpr objects::Kind kKind = objects::Kind::kLink;
  using CHandle = CUlinkState;

  Link(objects::Device& device, const JitOptions& options) : device_(device), options_(options) {}

  CUlinkState handle() const { return handle_.as<CUlinkState>(); }
  const JitOptions& options() const { return options_; }

  Status add(CUjitInputType type, const void* data, std::optional<std::size_t> bytes,
             const char* name);
  Status complete(void** image, std::size_t* bytes);

 private:
  Status add_ptx(std::string_view text, const char* name);

  objects::Device& device_;
  JitOptions options_;
  objects::NamedTexts units_;
  std::string image_;
  objects::OwnedHandle<Link> handle_{this};
};

Status Link::add_ptx(std::string_view text, const char* name) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  std::string unit =
      name != nullptr && *name != '\0' ? name : fmt::format("input {}", units_.size() + 1);
  // A unit alone may lack what others define; what it declares itself must be right.
  auto alone = kernels::Program::from_ptx({{unit, std::string(text)}});
  if (!alone && alone.error().code() == StatusCode::kInvalidPtx) return std::move(alone.error());
  units_.emplace_back(std::move(unit), text);
  return {};
}

Status Link::add(CUjitInputType type, const void* data, std::optional<std::size_t> bytes,
                 const char* name) {
  if (data == nullptr) return null_argument();
  if (type == CU_JIT_INPUT_PTX && bytes)
    return add_ptx({static_cast<const char*>(data), *bytes}, name);
  if (type == CU_JIT_INPUT_LIBRARY || type == CU_JIT_INPUT_NVVM)
    return not_supported(
        fmt::format("Linking an input of type {} is not supported.", static_cast<int>(type)));
  if (type < CU_JIT_INPUT_CUBIN || type >= CU_JIT_NUM_INPUT_TYPES)
    return invalid(fmt::format("{} is no type of link input.", static_cast<int>(type)));
  Result<objects::ProgramPointer> image =
      objects::open_program(device_, data, bytes, name ? name : "");
  if (!image) return std::move(image.error());
  Result<const kernels::Program*> program = (*image)->program();
  if (!program) return std::move(program.error());
  for (const kernels::ProgramUnit& unit : (*program)->units())
    units_.emplace_back(unit.name, unit.text);
  return {};
}

Status Link::complete(void** image, std::size_t* bytes) {
  auto linked = kernels::Program::from_ptx(units_);
  if (!linked) return std::move(linked.error());
  image_ = objects::write_linked_image(units_);
  *image = image_.data();
  if (bytes != nullptr) *bytes = image_.size();
  return {};
}

template <class Work>
CUresult with_link(const char* name, CUlinkState state, Work&& work) {
  return in_any_context(name, [&](Context&) -> Status {
    Link* link = find<Link>(state);
    if (link == nullptr) return invalid_handle("link state");
    Status status = work(*link);
    if (!status) report_load_failure(link->options(), status);
    return status;
  });
}

Status add_file(Link& link, CUjitInputType type, const char* path) {
  if (path == nullptr) return null_argument();
  Result<std::string> contents = objects::read_file(path);
  if (!contents) return std::move(contents.error());
  return link.add(type, contents->c_str(), contents->size(), path);
}

}  // namespace

extern "C" {

CUresult cuLinkCreate_v2(unsigned int numOptions, CUjit_option* options, void** optionValues,
                         CUlinkState* stateOut) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (stateOut == nullptr) return null_argument();
    Result<JitOptions> jit = read_jit_options(numOptions, options, optionValues);
    if (!jit) return std::move(jit.error());
    jit->info.write("");
    jit->errors.write("");
    *stateOut = (new Link(context.device(), *jit))->handle();
    return {};
  });
}

CUresult cuLinkAddData_v2(CUlinkState state, CUjitInputType type, void* data, size_t size,
                          const char* name, unsigned int numOptions, CUjit_option* options,
                          void** optionValues) {
  return with_link(__func__, state, [&](Link& link) { return link.add(type, data, size, name); });
}

CUresult cuLinkAddFile_v2(CUlinkState state, CUjitInputType type, const char* path,
                          unsigned int numOptions, CUjit_option* options, void** optionValues) {
  return with_link(__func__, state, [&](Link& link) { return add_file(link, type, path); });
}

CUresult cuLinkComplete(CUlinkState state, void** cubinOut, size_t* sizeOut) {
  return with_link(__func__, state, [&](Link& link) -> Status {
    return cubinOut == nullptr ? null_argument() : link.complete(cubinOut, sizeOut);
  });
}

CUresult cuLinkDestroy(CUlinkState state) {
  return in_process(__func__, [&]() -> Status {
    std::unique_ptr<Link> ended(objects::take<Link>(state));
    return ended == nullptr ? invalid_handle("link state") : Status();
  });
}

CUresult cuLinkCreate(unsigned int numOptions, CUjit_option* options, void** optionValues,
                      CUlinkState* stateOut) {
  return cuLinkCreate_v2(numOptions, options, optionValues, stateOut);
}

CUresult cuLinkAddData(CUlinkState state, CUjitInputType type, void* data, size_t size,
                       const char* name, unsigned int numOptions, CUjit_option* options,
                       void** optionValues) {
  return cuLinkAddData_v2(state, type, data, size, name, numOptions, options, optionValues);
}

CUresult cuLinkAddFile(CUlinkState state, CUjitInputType type, const char* path,
                       unsigned int numOptions, CUjit_option* options, void** optionValues) {
  return cuLinkAddFile_v2(state, type, path, numOptions, options, optionValues);
}

}  // extern "C"
