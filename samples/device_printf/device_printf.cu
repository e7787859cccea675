// Prints from kernels. The program reads its own output back to check it.

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "../sample.h"

__global__ void print_ids() {
  printf("block %d thread %u\n", blockIdx.x, threadIdx.x);
}

__global__ void print_formats(const char* name) {
  printf("%s %5.2f|%-6d|%06x|%c|%lld|%%|%e\n", name, 3.14159, 42, 0xbeef, 'z', -(1ll << 40), 1e-10);
}

__device__ char name[] = "pi";

/// What the device prints until it is synchronised.
template <class Launch>
std::vector<std::string> printed_by(Launch launch) {
  std::fflush(stdout);
  const int terminal = dup(STDOUT_FILENO);
  std::FILE* file = std::tmpfile();
  dup2(fileno(file), STDOUT_FILENO);
  launch();
  const cudaError_t result = cudaDeviceSynchronize();
  std::fflush(stdout);
  dup2(terminal, STDOUT_FILENO);
  close(terminal);
  SAMPLE_CHECK(result);

  std::rewind(file);
  std::vector<std::string> lines;
  char line[256];
  while (std::fgets(line, sizeof(line), file)) lines.push_back(line);
  std::fclose(file);
  return lines;
}

int main() {
  auto ids = printed_by([] { print_ids<<<2, 3>>>(); });
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> expected;
  for (int block = 0; block < 2; ++block)
    for (int thread = 0; thread < 3; ++thread)
      expected.push_back("block " + std::to_string(block) + " thread " + std::to_string(thread) +
                         "\n");
  if (ids != expected) return finish(false, "the threads' lines are wrong");

  void* address;
  SAMPLE_CHECK(cudaGetSymbolAddress(&address, name));
  const auto formats =
      printed_by([&] { print_formats<<<1, 1>>>(static_cast<const char*>(address)); });
  for (const auto& line : formats) std::printf("%s", line.c_str());
  return finish(formats.size() == 1 &&
                    formats[0] == "pi  3.14|42    |00beef|z|-1099511627776|%|1.000000e-10\n",
                "a format is wrong");
}
