#pragma once
// What `cuda-shim info` knows: of the installation, and of one program.

#include <string>
#include <vector>

#include "cuda_shim/status.h"
#include "launcher/device_code.h"
#include "launcher/devices.h"
#include "launcher/installation.h"
#include "launcher/program.h"

namespace cuda_shim::launcher {

/// Something that is missing and how to mend it.
struct Problem {
  std::string what;
  std::string mend;
};

struct InstallationReport {
  Driver driver;
  std::vector<std::string> engines;            ///< of the CPU device
  std::vector<std::string> runtime_libraries;  ///< sonames of the libraries of ours that are there
  std::string llvm;  ///< version that the compiler library is built on; empty: no compiler
  std::vector<Problem> problems;
};

InstallationReport report_installation(const Installation& installation);

/// A CUDA library that the program needs.
struct LibraryRow {
  std::string name;
  std::string path;    ///< empty: not found
  std::string served;  ///< "cuda_shim", "replaced in memory", "NVIDIA's"
};

/// One object of the program that has kernels or a runtime in it.
struct ObjectRow {
  std::string path;
  std::string runtime;  ///< how the CUDA runtime got into it; empty: it has none
  DeviceCode code;
};

struct ProgramReport {
  std::string executable;
  std::vector<LibraryRow> libraries;
  std::vector<ObjectRow> objects;
  std::vector<Problem> problems;
};

Result<ProgramReport> report_program(const Installation& installation, const FoundProgram& program);

}  // namespace cuda_shim::launcher
