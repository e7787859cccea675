#pragma once
// Modules: a program in a context. Loading places the module's variables in device memory and
// translates nothing: a kernel is translated on its first launch, or when somebody asks what only
// the translation knows (registers, shared memory).

#include <cuda.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "api/objects/handle.h"
#include "cuda_shim/status.h"
#include "kernels/program_image.h"

namespace cuda_shim::objects {

class Context;
class Function;
class Library;
class SurfaceReference;
class Texture;
class TextureReference;

class Module {
 public:
  static constexpr Kind kKind = Kind::kModule;
  using CHandle = CUmodule;

  /// `library`: whose module this is; null for cuModuleLoad*.
  static Result<std::unique_ptr<Module>> make(Context& context,
                                              std::shared_ptr<const kernels::ProgramImage> image,
                                              const Library* library);
  /// Nothing of the module may be pending.
  ~Module();

  CUmodule handle() const { return handle_.as<CUmodule>(); }
  Context& context() const { return context_; }
  const kernels::ProgramImage& image() const { return *image_; }
  const kernels::ProgramOutline& outline() const { return image_->outline(); }
  const Library* library() const { return library_; }
  /// Device address of the variables; 0 if there are none.
  std::uint64_t memory() const { return memory_; }

  /// kNotFound if the program has no such kernel.
  Result<Function*> function(std::string_view name);
  /// By index in outline().kernels().
  Function& function(std::size_t index);

  struct Global {
    std::uint64_t address;
    std::uint64_t bytes;
  };
  /// kNotFound if the program has no such variable that is visible.
  Result<Global> global(std::string_view name) const;

  /// kNotFound if the program has no such reference.
  Result<TextureReference*> texture_reference(std::string_view name);
  Result<SurfaceReference*> surface_reference(std::string_view name);
  /// Kernels launched from now on see what references were set to.
  Status publish_references() {
    return references_changed_.load(std::memory_order_acquire) ? publish_changed() : Status();
  }
  void references_changed() { references_changed_.store(true, std::memory_order_release); }

 private:
  Module(Context& context, std::shared_ptr<const kernels::ProgramImage> image,
         const Library* library);
  Status place_variables();
  /// The samplers that the program declares never change: their handles are initial contents.
  Status make_samplers(std::span<std::byte> contents);
  Status publish_changed();

  Context& context_;
  std::shared_ptr<const kernels::ProgramImage> image_;
  const Library* library_;
  std::uint64_t memory_ = 0;
  std::mutex mutex_;  // guards the making of functions_
  std::vector<std::unique_ptr<Function>>
      functions_;  // by index of the program's kernels; null until asked for
  std::vector<std::unique_ptr<Texture>> samplers_;
  std::atomic<bool> references_changed_ = false;
  std::mutex references_mutex_;  // guards the making and publishing of references
  std::unordered_map<std::string_view, std::unique_ptr<TextureReference>> texture_references_;
  std::unordered_map<std::string_view, std::unique_ptr<SurfaceReference>> surface_references_;
  OwnedHandle<Module> handle_{this};
};

}  // namespace cuda_shim::objects
