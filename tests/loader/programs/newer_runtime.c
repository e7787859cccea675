/* A look-alike of a runtime newer than ours: functions that ours does not have lie among the known ones and, next to the runtime's inner functions,
 * before and behind them. */
extern void* dlsym(void* library, const char* name);

int libcudart_static_1(void) { return 2; }
int cudaNewBefore(void) { return 3; }
int libcudart_static_2(void) { return 4; }
int cudaGetExportTable(void) { return 5; }
int __cudaRegisterFatBinary(void) { return 6; }
int cudaNewAmong(void) { return 7; }
int cudaLaunchKernel(void) { return 8; }
int cudaLaunchKernel_ptsz(void) { return 9; }
int cudaCtxResetPersistingL2Cache(void) { return 10; }
int cudaRuntimeGetVersion(void) { return dlsym(0, "cuInit") != 0; }
int cudaNewBehind(void) { return 11; }
int libcudart_static_3(void) { return 12; }

/* As if another object of the program followed. */
int __cudaOfTheApplication(void) { return 13; }

const char pattern[] = "/cudart.shm.%x";
