/* A library with nothing of CUDA in it. */
int empty(void) { return 0; }
