/* Calls the functions of newer_runtime.c and prints what each call answers. Has functions of its own with names like the runtime's, one of them
 * even the name of one: NVIDIA's headers define such a cudaLaunchKernel for per-thread default streams. */
#include <stdio.h>

int libcudart_static_1(void), libcudart_static_2(void), libcudart_static_3(void);
int cudaNewBefore(void), cudaNewAmong(void), cudaNewBehind(void);
int cudaLaunchKernel_ptsz(void), __cudaOfTheApplication(void);

int cudaOfTheApplication(void) { return 1; }
static int cudaLaunchKernel(void) { return cudaLaunchKernel_ptsz() + 20; }

static void say(const char* name, int answer) {
  printf("%s %d\n", name, answer);
  fflush(stdout);
}

int main(void) {
  say("cudaOfTheApplication", cudaOfTheApplication());
  say("__cudaOfTheApplication", __cudaOfTheApplication());
  say("cudaLaunchKernel", cudaLaunchKernel());
  say("cudaNewBefore", cudaNewBefore());
  say("cudaNewAmong", cudaNewAmong());
  say("cudaNewAmong", cudaNewAmong());
  say("cudaNewBehind", cudaNewBehind());
  return libcudart_static_1() + libcudart_static_2() + libcudart_static_3() - 18;
}
