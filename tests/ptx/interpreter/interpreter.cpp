#include "ptx/interpreter/interpreter.h"

#include "ptx/interpreter/machine.h"

namespace cuda_shim::tests::interpreter {

Outcome run(const Launch& launch) {
  Outcome outcome;
  try {
    Machine machine(launch);
    try {
      machine.run();
    } catch (const Fault& fault) {
      outcome = {false, fault.kind, fault.what(), {}};
    } catch (const std::out_of_range&) {
      outcome = {false, FaultKind::kInvalid, "A vector operand has too few elements.", {}};
    }
    outcome.printed = machine.printed();
  } catch (const Fault& fault) {
    outcome = {false, fault.kind, fault.what(), {}};
  }
  return outcome;
}

}  // namespace cuda_shim::tests::interpreter
