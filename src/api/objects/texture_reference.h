#pragma once
// Texture and surface references: variables of a module that stand for a texture until the
// application binds another one. The variable holds the handle of a texture object of ours, which
// is made anew when a kernel is launched after a change.

#include <cuda.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "api/objects/handle.h"
#include "api/objects/texture.h"
#include "cuda_shim/status.h"
#include "kernels/program_outline.h"

namespace cuda_shim::objects {

class Module;

/// How a reference or sampler is read until the application says otherwise.
CUDA_TEXTURE_DESC initial_reading(const kernels::ReferenceOutline& outline);

/// The variable of a reference, and what it stands for.
class BoundVariable {
 public:
  /// `module` is null for a reference without a variable.
  BoundVariable(Module* module, std::uint64_t address) : module_(module), address_(address) {}

  Module* module() const { return module_; }
  /// Kernels launched from now on are to see a change.
  void mark_changed();
  /// Writes the handle of what `make` makes if there was a change; its null means nothing is bound.
  /// What cannot be made is not bound either: kernels that do not read it can run.
  template <class Make>
  Status publish(std::string_view name, Make&& make);

 private:
  Status write(std::unique_ptr<Texture> made);

  Module* module_;
  std::uint64_t address_;
  bool changed_ = false;
  std::unique_ptr<Texture> texture_;
};

class TextureReference {
 public:
  static constexpr Kind kKind = Kind::kTextureReference;
  using CHandle = CUtexref;

  /// What is bound, and how it is read.
  struct State {
    bool bound = false;
    CUDA_RESOURCE_DESC resource = {};
    CUDA_TEXTURE_DESC reading = {};
    CUarray_format format = CU_AD_FORMAT_FLOAT;
    unsigned channels = 1;
  };

  /// Of a module's variable.
  TextureReference(Module& module, const kernels::VariableOutline& variable);
  /// Of no module: it can be set and asked, and no kernel reads it.
  TextureReference();

  CUtexref handle() const { return handle_.as<CUtexref>(); }
  bool has_variable() const { return variable_.module() != nullptr; }
  State state() const;
  /// Runs change(State&) -> Status.
  template <class Change>
  Status set(Change&& change) {
    std::lock_guard lock(mutex_);
    State changed = state_;
    if (Status status = change(changed); !status) return status;
    state_ = changed;
    variable_.mark_changed();
    return {};
  }
  /// Makes kernels launched from now on see what was set. `name`: for messages.
  Status publish(std::string_view name);

 private:
  mutable std::mutex mutex_;  // guards state_ and variable_
  State state_;
  BoundVariable variable_;
  OwnedHandle<TextureReference> handle_{this};
};

class SurfaceReference {
 public:
  static constexpr Kind kKind = Kind::kSurfaceReference;
  using CHandle = CUsurfref;

  SurfaceReference(Module& module, const kernels::VariableOutline& variable);

  CUsurfref handle() const { return handle_.as<CUsurfref>(); }
  /// Null: none.
  CUarray array() const;
  void set_array(CUarray array);
  Status publish(std::string_view name);

 private:
  mutable std::mutex mutex_;  // guards array_ and variable_
  CUarray array_ = nullptr;
  BoundVariable variable_;
  OwnedHandle<SurfaceReference> handle_{this};
};

}  // namespace cuda_shim::objects
