#pragma once
// Writes the function of a whole group from the function of one thread.
//
// Blocks stay as they are; a branch that parts the lanes becomes a mask for the region it guards,
// and a jump over the region where the mask is empty. In every block that runs at least one lane is
// active, so that what is uniform is computed, loaded and stored once, by scalar code.
//
// A value has up to two forms: `scalar`, that of lane 0 (for uniform and affine ones), and
// `vector`, a flat vector with all lanes; one thread's vector of k elements lies in k neighbouring
// elements. What is known within rows of lanes only has a scalar form for each row. Affine values
// whose shape is only assumed have a `guard` besides: a bit that says whether it holds.

#include <llvm/ADT/DenseMap.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>

#include <expected>
#include <optional>
#include <string>

#include "kernels/instructions/lowering.h"
#include "kernels/simd/butterfly.h"
#include "kernels/simd/lone_lane.h"
#include "kernels/simd/shape_analysis.h"
#include "kernels/simd/streaming.h"

namespace cuda_shim::kernels::simd {

/// Why a kernel cannot be run as vectors: a sentence.
using Refusal = std::string;

class Emission {
 public:
  /// `source` has been structured; it is read, not changed.
  Emission(llvm::Function& source, const Lanes& lanes, const ShapeAnalysis& shapes);

  /// The new function, beside the old one in its module.
  std::expected<llvm::Function*, Refusal> run();

 private:
  // --- Values (emission.cpp)
  llvm::Type* vector_type(llvm::Type* type) const;
  llvm::Value* scalar(llvm::Value* value);
  llvm::Value* vector(llvm::Value* value);
  /// Null: the shape is sure.
  llvm::Value* guard(llvm::Value* value) const { return guards_.lookup(value); }
  bool is_uniform(const llvm::Value* value) const { return shapes_.is_uniform(value); }
  llvm::Value* spread(llvm::Value* scalar_value, std::int64_t stride);
  llvm::Value* repeat(llvm::Value* scalar_value) { return repeat(scalar_value, lanes_.count); }
  llvm::Value* repeat(llvm::Value* scalar_value, unsigned lanes);
  llvm::Constant* lane_numbers(llvm::Type* type, std::int64_t stride) const;
  llvm::Value* mask_for(unsigned elements);  ///< of the current block, each lane repeated
  llvm::Value* mask_bits();
  llvm::Value* active_mask();
  llvm::Value* divided(llvm::Value* mask, unsigned elements);
  llvm::AllocaInst* slot(llvm::Type* type, llvm::Align alignment);
  void refuse(std::string why);

  // --- Instructions (emission.cpp)
  void emit(llvm::Instruction& instruction);
  void define(llvm::Instruction& instruction, llvm::Value* made);
  llvm::Value* emit_scalar(llvm::Instruction& instruction);
  void emit_affine(llvm::Instruction& instruction);
  llvm::Value* emit_assumed(llvm::Instruction& instruction);
  llvm::Value* all_of(llvm::Value* one, llvm::Value* other);
  llvm::Value* operand_guards(llvm::Instruction& instruction);
  llvm::Value* own_guard(llvm::Instruction& instruction);
  std::int64_t way_through(llvm::Value* value) const;
  llvm::Value* does_not_wrap(llvm::Value* first, std::int64_t distance, bool is_signed);
  llvm::Value* limit_guard(llvm::MinMaxIntrinsic& limit, unsigned row);
  llvm::Value* emit_vector(llvm::Instruction& instruction);
  llvm::Value* emit_elementwise(llvm::Instruction& instruction);
  llvm::Value* emit_division(llvm::BinaryOperator& operation);
  llvm::Value* whole_quotient(llvm::Instruction::BinaryOps opcode, llvm::Value* dividend,
                              llvm::Value* divisor);
  llvm::Value* emit_element_access(llvm::Instruction& instruction);
  void emit_alloca(llvm::AllocaInst& storage);

  // --- What holds for all lanes (emission_all.cpp)
  llvm::Value* emit_group_all(llvm::CallInst& call);
  llvm::Value* comes_out(llvm::Value* condition, bool wanted);
  llvm::Value* outermost_compare(llvm::ICmpInst& compare, bool wanted);

  // --- What holds within rows (emission_rows.cpp)
  llvm::Value* moved(llvm::Value* value, std::int64_t distance);
  /// The value of a row's first lane, of a value that is known within rows at least.
  llvm::Value* row_scalar(llvm::Value* value, unsigned row);
  llvm::Value* joined(llvm::ArrayRef<llvm::Value*> rows);
  llvm::Value* part_of_row(llvm::Value* all, unsigned row);
  llvm::Value* spread_rows(llvm::ArrayRef<llvm::Value*> firsts, std::int64_t stride);
  llvm::Value* place_of_row(instructions::DeviceOp op, llvm::CallInst& call, unsigned row);
  llvm::Value* copy_for_row(llvm::Instruction& instruction, unsigned row);
  void emit_by_rows(llvm::Instruction& instruction);
  void emit_phi_by_rows(llvm::PHINode& phi);
  void finish_phi_by_rows(llvm::PHINode& phi);
  llvm::Type* row_type(llvm::Type* type) const;
  llvm::Value* load_rows(llvm::LoadInst& load);
  llvm::Value* load_once_for_rows(llvm::LoadInst& load);
  void store_rows(llvm::StoreInst& store);

  // --- Control (emission_control.cpp)
  void check_control();
  bool can_skip(const llvm::BasicBlock& block) const;
  bool ends_loop_well(const llvm::BasicBlock& block) const;
  void begin_block(llvm::BasicBlock& block);
  llvm::Value* block_mask(llvm::BasicBlock& block);
  llvm::Value* entry_mask();
  llvm::Loop* loop_ended_by(const llvm::BasicBlock* block) const;
  llvm::BasicBlock* join_of(const llvm::BasicBlock* block) const;
  llvm::Value* counted_from(llvm::PHINode& phi) const;
  llvm::Value* counted_vector(llvm::PHINode& phi);
  void emit_phi(llvm::PHINode& phi);
  void keep_exits(llvm::Loop& loop);
  void close_loop(llvm::Loop& loop, llvm::BasicBlock& latch);
  void emit_terminator(llvm::BasicBlock& block);
  void emit_parting(llvm::BasicBlock& block, llvm::BranchInst& branch);
  bool is_cheap(const llvm::BasicBlock& block, const llvm::BasicBlock* join) const;
  llvm::Value* any_of(llvm::Value* mask);
  /// Whether the branch that `from` ends in always enters its region, so that no edge leads to
  /// where the lanes meet again.
  bool skips_to(llvm::BasicBlock* from, llvm::BasicBlock* join) const {
    return always_enters_.contains(from) && join_of(from) == join;
  }
  void finish_phis();
  void finish_scalar_phi(llvm::PHINode& phi);
  void finish_guard_phi(llvm::PHINode& phi);
  void finish_vector_phi(llvm::PHINode& phi);
  llvm::Value* merged(llvm::PHINode& phi, llvm::BasicBlock* from);

  // --- Memory (emission_memory.cpp)
  llvm::Value* emit_load(llvm::LoadInst& load);
  void emit_store(llvm::StoreInst& store);
  llvm::Value* emit_atomic(llvm::Instruction& atomic);
  bool emit_reduction(llvm::AtomicRMWInst& update);
  llvm::Value* load_contiguous(llvm::LoadInst& load);
  llvm::Value* load_gathered(llvm::LoadInst& load);
  llvm::Value* gathered(llvm::Type* element, llvm::Value* pointers, llvm::Align alignment);
  void store_contiguous(llvm::StoreInst& store);
  void store_scattered(llvm::StoreInst& store);
  llvm::Value* element_pointers(llvm::Value* pointer, llvm::Type* element, unsigned index);
  /// kLone: one lane accesses it.
  enum class Pattern {
    kUniform,
    kLone,
    kContiguous,
    kReversed,
    kOnceForRows,
    kRows,
    kStrided,
    kRandom
  };
  Pattern pattern_of(llvm::Value* pointer, llvm::Type* type) const;
  llvm::Value* lowest(llvm::Value* pointer, llvm::Type* type);
  void store_once(llvm::StoreInst& store);
  llvm::Value* last_active_lane();
  llvm::Value* column_of(llvm::Value* all, unsigned count, unsigned k);
  llvm::Value* column(llvm::Value* value, unsigned k);
  llvm::Value* widened(llvm::Value* column, unsigned count);
  llvm::Value* with_column(llvm::Value* all, llvm::Value* column, unsigned count, unsigned k);
  /// `fast` where the guard holds, else `slow`.
  llvm::Value* guarded(llvm::Value* guard, llvm::function_ref<llvm::Value*()> fast,
                       llvm::function_ref<llvm::Value*()> slow);
  using Values = llvm::SmallVector<llvm::Value*, 4>;
  Values guarded_values(llvm::Value* guard, llvm::function_ref<Values()> fast,
                        llvm::function_ref<Values()> slow);
  void order_before(llvm::Instruction& access);
  void order_after(llvm::Instruction& access);

  // --- What will be read soon (emission_ahead.cpp)
  void fetch_ahead(llvm::LoadInst& load, llvm::Value* pointer, unsigned lanes);
  llvm::Value* distance_of_later_tile(llvm::LoadInst& load);
  llvm::Value* distance_ahead(llvm::LoadInst& load);
  llvm::Value* distance_of_next_block(llvm::LoadInst& load);
  std::int64_t row_bytes(const llvm::LoadInst& load) const;

  // --- One plain access for each lane (emission_strided.cpp)
  bool is_strided(const llvm::Value* pointer) const;
  bool moves_pieces(const llvm::Type* type) const;
  llvm::Value* place_of_lane(llvm::Value* pointer, unsigned lane);
  llvm::Value* collected(llvm::Type* type, llvm::function_ref<llvm::Value*(unsigned)> piece);
  llvm::Value* piece_of(llvm::Value* all, llvm::Type* type, unsigned lane);
  llvm::Value* all_in_place(llvm::Value* pointer);
  llvm::Value* load_strided(llvm::LoadInst& load);
  void store_strided(llvm::StoreInst& store);
  llvm::Value* load_pieces(llvm::LoadInst& load);

  // --- Several numbers of each lane (emission_columns.cpp)
  bool moves_columns(const llvm::Instruction& access) const;
  static llvm::SmallVector<unsigned> pieces_of(llvm::Type* type);
  void turn_tables(llvm::MutableArrayRef<llvm::Value*> vectors);
  Values load_columns(llvm::LoadInst& load);
  Values gather_columns(llvm::LoadInst& load);
  llvm::Value* load_by_columns(llvm::LoadInst& load);
  void store_columns(llvm::StoreInst& store, llvm::ArrayRef<llvm::Value*> columns);
  void store_by_columns(llvm::StoreInst& store);

  // --- Stores past the caches (emission_streaming.cpp)
  llvm::Value* bytes_of_launch();
  llvm::Value* writes_much(const llvm::StoreInst& store);
  bool may_stream(const llvm::StoreInst& store, llvm::Type* type) const;
  void stream(llvm::Value* value, llvm::Value* pointer);
  void stream_whole_lines(const llvm::StoreInst& store, llvm::Value* value, llvm::Value* pointer,
                          llvm::Value* mask);
  void store_in_line(const llvm::StoreInst& store, llvm::Value* value, llvm::Value* pointer,
                     llvm::Value* mask);

  // --- Calls (emission_calls.cpp)
  llvm::Value* emit_call(llvm::CallInst& call);
  llvm::Value* emit_intrinsic(llvm::CallInst& call);
  llvm::Value* emit_device_op(llvm::CallInst& call, instructions::DeviceOp op);
  llvm::Value* emit_thread_index(llvm::CallInst& call);
  llvm::Value* first_thread_index(llvm::CallInst& call, bool is_x);
  llvm::Value* linear_index();
  llvm::Value* device_op(instructions::DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments);
  llvm::Value* block_size(unsigned dimension);
  llvm::Value* emit_barrier_reduce(llvm::CallInst& call);
  llvm::Value* emit_match(llvm::CallInst& call);
  llvm::Value* emit_sleep(llvm::CallInst& call);
  llvm::Value* emit_exchange(llvm::CallInst& call);
  llvm::Value* emit_power(llvm::CallInst& call);
  llvm::Value* emit_in_rounding(llvm::CallInst& call, instructions::DeviceOp op);
  llvm::Value* reduced(llvm::Instruction& last, const Butterfly& butterfly);
  llvm::Value* emit_warp_op(llvm::CallInst& call, instructions::DeviceOp op);

  // --- Matrices (emission_matrix.cpp)
  llvm::Value* emit_matrix(llvm::CallInst& call, llvm::Function& form);
  llvm::Value* of_some_lane(llvm::Value* value);

  // --- Textures (emission_texture.cpp)
  llvm::Value* emit_texture_fetch(llvm::CallInst& call);
  llvm::Value* room_of_words(llvm::AllocaInst*& room, unsigned words);

  // --- One lane after another (emission_lanes.cpp)
  /// Gives an operand's value for the current lane of the loop.
  using LaneValue = llvm::function_ref<llvm::Value*(llvm::Value*)>;
  using LaneBody = llvm::function_ref<llvm::Value*(LaneValue)>;
  /// Runs the body for each active lane, in order; gathers what it returns, of type `result`
  /// (void: nothing). A short body stands there several times, for where all lanes are active.
  llvm::Value* for_each_lane(llvm::ArrayRef<llvm::Value*> operands, llvm::Type* result,
                             LaneBody body, bool is_short = false);
  llvm::Value* repeat_for_lanes(llvm::Instruction& instruction);
  bool is_alone() const;
  llvm::Value* number_of_lone_lane();
  llvm::Value* for_lone_lane(llvm::Type* result, LaneBody body);
  struct LaneRoom;
  LaneRoom lane_room(llvm::Value* value);
  LaneRoom lane_room_for(llvm::Type* type);
  llvm::Value* read_lane(const LaneRoom& room, llvm::Value* lane);
  llvm::Value* element_of_lane(llvm::Value* all, llvm::Type* type, llvm::Value* lane);
  unsigned metadata_kind();

  llvm::Function& source_;
  Lanes lanes_;
  const ShapeAnalysis& shapes_;
  llvm::DominatorTree dominators_;
  llvm::PostDominatorTree post_dominators_;
  llvm::LoopInfo loops_;
  LoneLanes lone_lanes_;
  Streaming streaming_;
  bool waits_;      ///< for other blocks, maybe
  bool has_tiles_;  ///< blocks of several rows, which copy to shared memory, maybe
  llvm::Function* made_ = nullptr;
  llvm::IRBuilder<> ir_;
  llvm::BasicBlock* current_ = nullptr;  ///< of the source
  llvm::DenseMap<const llvm::BasicBlock*, llvm::BasicBlock*> heads_, tails_;
  llvm::DenseMap<const llvm::BasicBlock*, llvm::Value*> masks_;  ///< null: all lanes
  /// Of a parting block: the lanes that take each successor.
  llvm::DenseMap<const llvm::BasicBlock*, std::array<llvm::Value*, 2>> edges_;
  llvm::DenseSet<const llvm::BasicBlock*> always_enters_;  ///< parting blocks that skip nothing
  llvm::DenseMap<llvm::Value*, llvm::Value*> scalars_, vectors_, guards_;
  llvm::DenseMap<llvm::Value*, llvm::SmallVector<llvm::Value*, 4>> rows_;
  /// Of a vector of each thread: element k of all lanes, where that is at hand.
  llvm::DenseMap<llvm::Value*, Values> columns_;
  /// What keeps the value of lanes that have left a parting loop, by the phi of its exit: a phi of
  /// the source's header, or a new one.
  struct Keeper {
    llvm::PHINode* counting;
    llvm::PHINode* kept;
  };
  llvm::DenseMap<llvm::PHINode*, Keeper> keepers_;
  llvm::DenseMap<llvm::PHINode*, llvm::Value*> latch_values_;    ///< of counting phis
  llvm::DenseMap<llvm::BasicBlock*, llvm::PHINode*> mask_phis_;  ///< by header
  llvm::Value* bytes_of_launch_ = nullptr;
  llvm::DenseMap<const llvm::Loop*, llvm::Value*> writes_much_;  ///< by the innermost loop
  llvm::AllocaInst *texture_words_ = nullptr, *texels_ = nullptr;
  llvm::Value* lane_of_loop_ = nullptr;  ///< i64, in the body of for_each_lane
  std::optional<Refusal> refusal_;
};

}  // namespace cuda_shim::kernels::simd
