#pragma once
// A file of golden values: what one GPU with one driver made of the PTX tests.
//
//   gpu NAME
//   compute MAJOR.MINOR
//   driver VERSION
//   test NAME HASH RESULT       a test, the hash of its text, the name of its CUresult
//   out PARAMETER BYTES         what it wrote into a parameter, in hexadecimal digits
//
// A test whose text has changed since is left out of a comparison: its values are of another test.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

namespace cuda_shim::tests {

struct GoldenTest {
  std::uint64_t hash = 0;
  std::string result;                              ///< "CUDA_SUCCESS"
  std::map<unsigned, std::vector<std::byte>> out;  ///< by parameter
};

struct GoldenFile {
  std::string gpu, compute, driver;
  std::map<std::string, GoldenTest> tests;
};

std::uint64_t hash_of_text(const std::string& text);
void write_golden(std::ostream& out, const GoldenFile& file);
/// The error says which line is wrong.
std::expected<GoldenFile, std::string> read_golden(std::istream& in);

}  // namespace cuda_shim::tests
