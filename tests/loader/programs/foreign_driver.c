/* A libcuda.so.1 that is not ours and finds no device. */
int cuInit(unsigned flags) { return flags == 0 ? 100 : 1; }
