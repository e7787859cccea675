/* Behind every function of the stand-in for our runtime: says that it was called. One write each, so that the lines of a process that ends badly
 * are not lost. */
#include <string.h>
#include <unistd.h>

__attribute__((visibility("hidden"))) long stand_in_called(const char* name) {
  char line[256] = "ours ";
  size_t length = strlen(name);
  memcpy(line + 5, name, length);
  line[5 + length] = '\n';
  return write(STDOUT_FILENO, line, length + 6) > 0 ? 0 : 1;
}
