#pragma once
// The driver API out of a library opened at run time, so that the program builds where there is no
// GPU and runs on whatever libcuda.so.1 it is given. driver.cpp defines the API's functions that
// the PTX tests use; code that calls them is the same as elsewhere.

#include <string>

namespace cuda_shim::tests {

/// Opens the library; empty, or what failed.
std::string open_driver(const std::string& library);

}  // namespace cuda_shim::tests
