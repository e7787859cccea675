#pragma once
// The outline of a program: what loading a module and launching its kernels needs, without any PTX.
// It is made from a Program, or read back from what an earlier process wrote down of one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cuda_shim::support {
class ByteReader;
class ByteWriter;
}  // namespace cuda_shim::support

namespace cuda_shim::kernels {

class Program;

struct ProgramParameter {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  unsigned alignment = 1;
};

struct KernelOutline {
  std::string_view name;
  std::vector<ProgramParameter> parameters;
  std::uint64_t parameter_bytes = 0;
  std::uint32_t max_threads_per_block = 0;  ///< .maxntid or .reqntid product; 0: none
  std::uint32_t required_block[3] = {0, 0, 0};
};

/// What a .texref, .surfref or .samplerref says of itself.
struct ReferenceOutline {
  enum Kind : std::uint8_t { kNone, kTexture, kSurface, kSampler };
  Kind kind = kNone;
  bool linear = false;                       ///< filter_mode
  bool normalized = false;                   ///< normalized_coords
  bool forces_texels = false;                ///< force_unnormalized_coords
  std::uint8_t address_mode[3] = {1, 1, 1};  ///< as cuda_shim_address_mode numbers them
};

struct VariableOutline {
  std::string_view name;     ///< as the application knows it (cuModuleGetGlobal)
  std::uint64_t offset = 0;  ///< in the module's memory block
  std::uint64_t bytes = 0;
  bool managed = false;
  ReferenceOutline reference;
};

/// A place in the initial memory that holds an address known only when the block has been placed.
struct AddressFixup {
  std::uint64_t offset = 0;  ///< of 8 bytes in the block
  std::uint64_t target = 0;  ///< offset in the block: add the block's address
};

class ProgramOutline {
 public:
  /// Borrows the names: the program must outlive this.
  explicit ProgramOutline(const Program& program);
  /// What write() wrote; nothing if it is something else.
  static std::optional<ProgramOutline> read(std::string bytes);
  void write(support::ByteWriter& writer) const;

  ProgramOutline(ProgramOutline&&) = default;
  ProgramOutline& operator=(ProgramOutline&&) = default;

  /// In the order of the program's kernels.
  std::span<const KernelOutline> kernels() const { return kernels_; }
  /// By the name the application knows; null if there is none. Constant time.
  const KernelOutline* kernel(std::string_view name) const;
  const VariableOutline* variable(std::string_view name) const;
  /// Those that are found by their names, and all samplers.
  std::span<const VariableOutline> variables() const { return variables_; }
  /// The first word of .target that the kernel was written for, as sm_90a.
  std::string_view target_of(const KernelOutline& kernel) const;

  // --- The module's memory block, as Program's.
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  unsigned memory_alignment() const { return memory_alignment_; }
  std::uint64_t constant_bytes() const { return constant_bytes_; }
  std::span<const AddressFixup> fixups() const { return fixups_; }
  /// Initial contents up to the last byte that is not zero, before fixups.
  std::span<const std::byte> initialised_prefix() const { return initial_; }

 private:
  ProgramOutline() = default;
  void index_names();
  void read_kernels(support::ByteReader& reader);
  void read_variables(support::ByteReader& reader);
  void read_memory(support::ByteReader& reader);

  std::unique_ptr<const std::string> storage_;  ///< of names that were read
  std::vector<KernelOutline> kernels_;
  std::vector<std::string_view> targets_;     ///< of kernels_
  std::vector<std::uint32_t> named_kernels_;  ///< those that are found by their names
  std::vector<VariableOutline> variables_;    ///< those that are found by their names
  std::unordered_map<std::string_view, std::uint32_t> kernel_by_name_, variable_by_name_;
  std::uint64_t memory_bytes_ = 0, constant_bytes_ = 0;
  unsigned memory_alignment_ = 1;
  std::vector<std::byte> initial_;
  std::vector<AddressFixup> fixups_;
};

}  // namespace cuda_shim::kernels
