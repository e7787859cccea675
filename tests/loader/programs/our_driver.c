/* The stand-in for our libcuda.so.1. */
extern long stand_in_called(const char* name);
long cuInit(unsigned flags) { return stand_in_called(flags == 0 ? "cuInit" : "cuInit with flags"); }
