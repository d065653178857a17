/* sea_die.c: the end of a process that found a bug in itself; apart from sea_base so that sea_base
 * stays pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sea_base.h"

void sea_assert_failed(const char *what, const char *file, int line)
{
    char text[512];
    const char *name = strrchr(file, '/');
    int len = snprintf(text, sizeof text,
                       "level=fatal msg=\"assertion failed\" what=\"%.200s\" at=%.100s:%d\n", what,
                       name != NULL ? name + 1 : file, line);
    if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0) abort();
    abort();
}
