/* Opens the library that its argument names, prints where that lies, and closes it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW);
  if (library == NULL) {
    printf("%s\n", dlerror());
    return 1;
  }
  struct link_map* object = NULL;
  if (dlinfo(library, RTLD_DI_LINKMAP, &object) == 0) printf("path %s\n", object->l_name);
  fflush(stdout);
  return dlclose(library);
}
