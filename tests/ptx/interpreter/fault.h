#pragma once
// What ends a run before its time. A fault is thrown where it is found and caught in run().

#include <stdexcept>
#include <string>

namespace cuda_shim::tests::interpreter {

enum class FaultKind {
  kInvalid,             ///< the text is not PTX as the manual has it
  kUnsupported,         ///< the interpreter has no row for the instruction
  kIllegalAddress,      ///< an access outside of everything the thread may touch
  kMisalignedAddress,   ///< an access that is not naturally aligned
  kIllegalInstruction,  ///< operands that do not go together, known when it runs
  kTrap,                ///< trap
  kAssert,              ///< __assertfail
  kUndefined,           ///< the manual leaves open what happens
  kDeadlock,            ///< every thread waits
  kStepLimit            ///< more rounds than any test needs
};

class Fault : public std::runtime_error {
 public:
  Fault(FaultKind kind, const std::string& message) : std::runtime_error(message), kind(kind) {}
  FaultKind kind;
};

}  // namespace cuda_shim::tests::interpreter
