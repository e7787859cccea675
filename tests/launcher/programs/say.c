/* Prints its arguments and the environment variable named by the first one, and exits with the number that the second one gives. */
#include <stdio.h>
#include <stdlib.h>

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) printf("argument %s\n", arguments[i]);
  const char* value = count > 1 ? getenv(arguments[1]) : NULL;
  if (value != NULL) printf("value %s\n", value);
  return count > 2 ? atoi(arguments[2]) : 0;
}
