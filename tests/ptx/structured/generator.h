#pragma once
// Random kernels with structure: a function of the seed alone.
//
// They are free of races and of what the manual leaves open, and they end, whatever their
// statements compute: each thread writes to places of its own; reads others' only between barriers
// that all threads come to; sums are commutative and nobody reads them; loops count down; warp
// operations name the lanes that are sure to come.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ptx/fuzz/random.h"
#include "ptx/structured/kernel.h"

namespace cuda_shim::tests::structured {

/// Where a statement stands.
struct Place {
  bool with_all = true;      ///< all threads of the block come here together
  std::string members = {};  ///< register or number: lanes of the warp that come; empty: unknown
  bool in_function = false;
  unsigned depth = 0, loops = 0;
  std::vector<std::string> ends = {};  ///< labels behind the loops around, which one may jump to
  std::vector<std::string> counters = {};
};

/// Where each thread has places of its own.
struct Column {
  bool shared = false;
  unsigned offset = 0, bytes = 4, stride = 4;
  bool reversed = false;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed);
  Kernel run();

 private:
  // --- generator.cpp
  void choose_launch();
  void choose_columns();
  /// For each element of the sums, by one thread or another; the body gets its number.
  template <class Body>
  void for_each_sum(Body body);
  void write_prologue();
  void write_epilogue();
  void write_function();
  std::vector<Statement> statements(const Place& place, unsigned count);
  Statement statement(const Place& place);
  /// Lines go to the current part of the text.
  template <class... Arguments>
  void line(std::string_view format, const Arguments&... arguments);
  void set_label(const std::string& label) { text_ += label + ":\n"; }
  std::string label();
  std::string temporary(char prefix);
  std::string taken() {
    std::string all;
    all.swap(text_);
    return all;
  }

  // --- Values (values.cpp): registers, or numbers in decimal
  std::string word();
  std::string word_register();
  std::string index_like();  ///< mostly affine in the thread's number
  std::string uniform_word();
  std::string wide();
  std::string half();
  std::string single();
  std::string real();
  std::string predicate();
  std::string uniform_predicate();
  std::string target(char prefix);  ///< a variable to write to
  std::string guard();              ///< "@%p0 " or nothing
  std::string variable(char prefix, unsigned count);

  // --- Arithmetic (arithmetic.cpp)
  void arithmetic();
  void word_operation();
  void word_special();
  void wide_operation();
  void half_operation();
  void division();
  void carry_chain();
  void comparison();
  void selection();
  void conversion();
  void narrow_extension();
  void single_operation();
  void double_operation();
  void float_comparison();
  void without_nan(const std::string& number);

  // --- Memory (memory.cpp)
  void memory();
  std::string scaled_address(const std::string& base, const std::string& index, unsigned stride,
                             unsigned* offset);
  std::string own_address(const Column& column, unsigned* offset);
  std::string slot_address(const Column& column, const std::string& thread, unsigned* offset);
  void load_checked();
  void load_masked();
  void load_along();
  void access_own();
  void access_local();
  void add_to_sum();
  void atomic_own();
  void load_into(unsigned bytes, const std::string& space, const std::string& address,
                 const std::string& guard);
  void store_from(unsigned bytes, const std::string& space, const std::string& address,
                  const std::string& guard);
  const Column* column(bool shared);

  // --- Meetings (meetings.cpp): barriers and warp operations
  void meeting(const Place& place);
  void exchange();
  void barrier_reduce();
  void shuffle(const std::string& members);
  void vote(const std::string& members);
  void match(const std::string& members);
  void reduce(const std::string& members);
  std::string ballot(const std::string& members, const std::string& predicate);

  // --- Control (control.cpp)
  Statement branch(const Place& place);
  Statement short_circuit(const Place& place);
  Statement loop(const Place& place);
  Statement table_jump(const Place& place);
  Statement leave(const Place& place);
  Statement call(const Place& place);
  std::string condition(bool uniform);
  std::string inner_mask(const Place& place, const std::string& predicate);

  fuzz::Random random_;
  Kernel kernel_;
  std::string text_;
  unsigned temporaries_ = 0, labels_ = 0, left_ = 0;
  std::vector<Column> columns_;
  std::vector<unsigned> sum_operations_;
  // What this kernel has, drawn once.
  bool shared_ = false, warp_ = false, floats_ = false, local_ = false, atomics_ = false,
       raw_nans_ = false;
  bool flat_ = false;  ///< short, without loops, functions, warp operations, sums and local memory
  unsigned least_local_ = 1;  ///< bytes of accesses to the local array
  bool in_function_ = false;
  std::vector<std::string> counters_;  ///< of the loops around
};

}  // namespace cuda_shim::tests::structured
