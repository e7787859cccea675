/* A program with a look-alike of a runtime newer than ours linked in: functions that ours does not have lie among the known ones and, next to the
 * runtime's inner functions, before and behind them. The program's own functions surround it, and one of those is named like the runtime's.
 * Prints what each call answers. */
#include <stdio.h>

extern void* dlsym(void* library, const char* name);

int cudaOfTheApplication(void) { return 1; }

int libcudart_static_1(void) { return 2; }
int cudaNewBefore(void) { return 3; }
int libcudart_static_2(void) { return 4; }
int cudaGetExportTable(void) { return 5; }
int __cudaRegisterFatBinary(void) { return 6; }
int cudaNewAmong(void) { return 7; }
int cudaCtxResetPersistingL2Cache(void) { return 8; }
int cudaRuntimeGetVersion(void) { return dlsym(0, "cuInit") != 0; }
int cudaNewBehind(void) { return 9; }
int libcudart_static_3(void) { return 10; }

int __cudaOfTheApplication(void) { return 11; }

const char pattern[] = "/cudart.shm.%x";

static void say(const char* name, int answer) {
  printf("%s %d\n", name, answer);
  fflush(stdout);
}

int main(void) {
  say("cudaOfTheApplication", cudaOfTheApplication());
  say("__cudaOfTheApplication", __cudaOfTheApplication());
  say("cudaCtxResetPersistingL2Cache", cudaCtxResetPersistingL2Cache());
  say("cudaNewBefore", cudaNewBefore());
  say("cudaNewAmong", cudaNewAmong());
  say("cudaNewAmong", cudaNewAmong());
  say("cudaNewBehind", cudaNewBehind());
  return libcudart_static_1() + libcudart_static_2() + libcudart_static_3() - 16;
}
