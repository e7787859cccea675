/* A library that needs a libcudart, which its search path does not lead to. */
extern long cudaRuntimeGetVersion(int* version);

__attribute__((constructor)) void start(void) {
  int version = 0;
  cudaRuntimeGetVersion(&version);
}
