#pragma once
// The machine: a grid of threads, each with a program counter, registers and a call stack, stepped
// round robin, one instruction each per round.
//
// Because every thread moves on its own, nothing about divergence has to be known: a thread that
// has come to a collective instruction or a barrier waits, and at the end of each round those are
// let go whose peers have all arrived. A round in which nobody moves is a deadlock.

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ptx/interpreter/code.h"
#include "ptx/interpreter/fault.h"
#include "ptx/interpreter/interpreter.h"

namespace cuda_shim::tests::interpreter {

inline constexpr unsigned kWarpSize = 32;

/// Bits of a shared address below the block's rank in its cluster.
inline constexpr unsigned kSharedRankShift = 24;
// Generic addresses of the spaces that are windows; everything else is global or constant.
inline constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kSharedWindow = std::uint64_t{0x51} << 56;
inline constexpr std::uint64_t kLocalWindow = std::uint64_t{0x52} << 56;
inline constexpr std::uint64_t kParamWindow = std::uint64_t{0x53} << 56;

struct Frame {
  const Code* code = nullptr;
  unsigned pc = 0;
  std::vector<Bits> registers;
  std::uint64_t local_base = 0, param_base = 0;
  const Step* call = nullptr;  ///< the call instruction in the frame below
};

enum class Waiting { kNo, kForWarp, kForBarrier, kForCluster };

struct Thread {
  unsigned id[3] = {0, 0, 0};
  unsigned lane = 0, warp = 0;
  std::vector<Frame> frames;
  std::vector<std::byte> local, param;
  bool carry = false;
  bool exited = false;
  Waiting waiting = Waiting::kNo;
  bool cluster_arrived = false, cluster_done = false;  ///< barrier.cluster
  const Step* round_step = nullptr;                    ///< where it stood when the round began

  Frame& frame() { return frames.back(); }
  const Step& step() { return frame().code->steps[frame().pc]; }
  bool runs() const { return !exited && waiting == Waiting::kNo; }
};

/// A thread's arrival at a barrier of its block.
struct Arrival {
  Thread* thread;
  bool waits;
  bool predicate = false;
};

struct Barrier {
  std::vector<Arrival> arrivals;
  unsigned expected = 0;  ///< threads; 0: the whole block
};

struct Block {
  unsigned id[3] = {0, 0, 0};
  unsigned rank = 0;     ///< in its cluster
  unsigned cluster = 0;  ///< number of the cluster
  std::vector<Thread> threads;
  std::vector<std::byte> shared;
  std::array<Barrier, 16> barriers;
};

class Lane;

class Machine {
 public:
  explicit Machine(const Launch& launch);

  /// Until every thread has exited.
  void run();

  const Launch& launch() const { return launch_; }
  Library& library() { return library_; }
  const kernels::Program& program() const { return library_.program(); }
  std::vector<Block>& blocks() { return blocks_; }
  std::uint64_t module_base() const { return reinterpret_cast<std::uint64_t>(module_.data()); }
  std::uint64_t dynamic_shared() const { return dynamic_shared_; }
  std::uint64_t rounds() const { return rounds_; }
  const unsigned* cluster_size() const { return cluster_size_; }
  std::string& printed() { return printed_; }

  /// Memory that global addresses may lie in, besides the launch's and the module's.
  std::uint64_t allocate(std::uint64_t bytes);
  void free(std::uint64_t address);
  /// Bytes of global or constant memory; a fault if they are not all there.
  std::byte* global(std::uint64_t address, std::uint64_t bytes);

  void push_frame(Thread& thread, const Code& code);

 private:
  void prepare_callees(const Code& code);
  void make_blocks();
  void make_threads(Block& block, const Code& kernel);
  bool step_block(Block& block);
  void step(Block& block, Thread& thread);
  bool release(Block& block);

  Launch launch_;
  Library library_;
  std::vector<std::byte> module_;
  std::vector<Block> blocks_;
  std::map<std::uint64_t, std::vector<std::byte>> heap_;
  std::uint64_t dynamic_shared_ = 0;
  std::uint64_t rounds_ = 0;
  unsigned cluster_size_[3] = {1, 1, 1};
  std::string printed_;
};

/// warp.cpp: lets the groups of a block's warps go that are complete.
bool release_warps(Machine& machine, Block& block);
/// barrier.cpp
bool release_barriers(Machine& machine, Block& block);
bool release_clusters(Machine& machine, Block& block);

}  // namespace cuda_shim::tests::interpreter
