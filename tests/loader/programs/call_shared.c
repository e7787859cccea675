/* Linked against a libcudart and a libcuda that are not ours. */
extern long cudaRuntimeGetVersion(int* version);
extern long cuInit(unsigned flags);

int main(void) {
  int version = 0;
  return (int)(cudaRuntimeGetVersion(&version) + cuInit(0));
}
