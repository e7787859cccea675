#include "ptx/interpreter/special.h"

#include <array>
#include <charconv>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

unsigned component(const unsigned (&vector)[3], unsigned index) {
  return index < 3 ? vector[index] : 0;
}

/// How many clusters the grid has, and which of them the block is in.
unsigned clusters(const Lane& lane, unsigned index) {
  return index < 3 ? lane.machine->launch().grid[index] / lane.machine->cluster_size()[index] : 0;
}
unsigned cluster(const Lane& lane, unsigned index) {
  return index < 3 ? lane.block->id[index] / lane.machine->cluster_size()[index] : 0;
}
unsigned place_in_cluster(const Lane& lane, unsigned index) {
  return index < 3 ? lane.block->id[index] % lane.machine->cluster_size()[index] : 0;
}
unsigned blocks_of_cluster(const Lane& lane) {
  const unsigned* size = lane.machine->cluster_size();
  return size[0] * size[1] * size[2];
}
std::uint64_t shared_size(const Lane& lane) {
  return lane.machine->dynamic_shared() + lane.machine->launch().shared_bytes;
}

std::uint32_t bit_of(const Lane& lane) {
  return 1u << lane.thread->lane;
}

using L = const Lane&;
using U = unsigned;

// Multiprocessors are not modelled: there is one. Clocks count rounds.
constexpr Special kSpecials[] = {
    {"%tid", [](L lane, U i) -> Bits { return component(lane.thread->id, i); }},
    {"%ntid", [](L lane, U i) -> Bits { return component(lane.machine->launch().block, i); }},
    {"%ctaid", [](L lane, U i) -> Bits { return component(lane.block->id, i); }},
    {"%nctaid", [](L lane, U i) -> Bits { return component(lane.machine->launch().grid, i); }},
    {"%laneid", [](L lane, U) -> Bits { return lane.thread->lane; }},
    {"%warpid", [](L lane, U) -> Bits { return lane.thread->warp; }},
    {"%nwarpid",
     [](L lane, U) -> Bits { return (lane.block->threads.size() + kWarpSize - 1) / kWarpSize; }},
    {"%smid", [](L, U) -> Bits { return 0; }},
    {"%nsmid", [](L, U) -> Bits { return 1; }},
    {"%gridid", [](L, U) -> Bits { return 0; }},
    {"%is_explicit_cluster", [](L lane, U) -> Bits { return blocks_of_cluster(lane) > 1; }},
    {"%clusterid", [](L lane, U i) -> Bits { return cluster(lane, i); }},
    {"%nclusterid", [](L lane, U i) -> Bits { return clusters(lane, i); }},
    {"%cluster_ctaid", [](L lane, U i) -> Bits { return place_in_cluster(lane, i); }},
    {"%cluster_nctaid",
     [](L lane, U i) -> Bits { return i < 3 ? lane.machine->cluster_size()[i] : 0; }},
    {"%cluster_ctarank", [](L lane, U) -> Bits { return lane.block->rank; }},
    {"%cluster_nctarank", [](L lane, U) -> Bits { return blocks_of_cluster(lane); }},
    {"%lanemask_eq", [](L lane, U) -> Bits { return bit_of(lane); }},
    {"%lanemask_lt", [](L lane, U) -> Bits { return bit_of(lane) - 1; }},
    {"%lanemask_le", [](L lane, U) -> Bits { return bit_of(lane) | (bit_of(lane) - 1); }},
    {"%lanemask_gt", [](L lane, U) -> Bits { return ~(bit_of(lane) | (bit_of(lane) - 1)); }},
    {"%lanemask_ge", [](L lane, U) -> Bits { return ~(bit_of(lane) - 1); }},
    {"%clock", [](L lane, U) -> Bits { return lane.machine->rounds(); }},
    {"%clock_hi", [](L lane, U) -> Bits { return lane.machine->rounds() >> 32; }},
    {"%clock64", [](L lane, U) -> Bits { return lane.machine->rounds(); }},
    {"%globaltimer", [](L lane, U) -> Bits { return lane.machine->rounds(); }},
    {"%globaltimer_lo", [](L lane, U) -> Bits { return lane.machine->rounds(); }},
    {"%globaltimer_hi", [](L lane, U) -> Bits { return lane.machine->rounds() >> 32; }},
    {"%dynamic_smem_size", [](L lane, U) -> Bits { return lane.machine->launch().shared_bytes; }},
    {"%total_smem_size", [](L lane, U) -> Bits { return shared_size(lane); }},
    {"%aggr_smem_size", [](L lane, U) -> Bits { return shared_size(lane); }},
    {"%current_graph_exec", [](L, U) -> Bits { return 0; }},
};

/// %envreg0 .. %envreg31, which nobody sets.
constexpr Special kEnvironment = {"%envreg", [](L, U) -> Bits { return 0; }};

}  // namespace

const Special* find_special(std::string_view name) {
  for (const Special& special : kSpecials)
    if (special.name == name) return &special;
  return name.starts_with(kEnvironment.name) ? &kEnvironment : nullptr;
}

}  // namespace cuda_shim::tests::interpreter
