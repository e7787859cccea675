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
    }
    outcome.printed = machine.printed();
  } catch (const Fault& fault) {
    outcome = {false, fault.kind, fault.what(), {}};
  }
  return outcome;
}

}  // namespace cuda_shim::tests::interpreter
