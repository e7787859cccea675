// Counts devices and does no more.
int main() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaErrorUnknown;
}
