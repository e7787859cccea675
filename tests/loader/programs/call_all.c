/* Calls every function of NVIDIA's runtime that is linked into it, in main or, as a shared library, in a constructor. The arguments are
 * nonsense: only a stand-in survives this. */
#define CALL(name) extern long name(void);
#include "table.inc"
#undef CALL

#ifdef IN_CONSTRUCTOR
__attribute__((constructor))
#endif
void call_all(void) {
#define CALL(name) name();
#include "table.inc"
#undef CALL
}

#ifndef IN_CONSTRUCTOR
int main(void) {
  call_all();
  return 0;
}
#endif
