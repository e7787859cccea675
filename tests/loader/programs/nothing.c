/* A program without CUDA; it may need a library that has some. */
int main(void) { return 0; }
