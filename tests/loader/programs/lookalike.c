/* An object with the names and the file name pattern by which NVIDIA's runtime is recognised; the macros choose the version. */
extern void* dlsym(void* library, const char* name);

int cudaRuntimeGetVersion(void) { return dlsym(0, "cuInit") != 0; }
int cudaGetExportTable(void) { return 2; }
int __cudaRegisterFatBinary(void) { return 3; }
#ifdef SINCE_11
int cudaCtxResetPersistingL2Cache(void) { return 4; }
#endif
#ifdef UNTIL_12
int cudaThreadSynchronize(void) { return 5; }
#endif
#ifdef UNTIL_11
int cudaBindTexture(void) { return 6; }
#endif
#ifndef NO_PATTERN
const char pattern[] = "/cudart.shm.%x";
#endif
