/* sea_example.h: the list of values that are marked `example: true`: plausible, and to be decided
 * by a company before it goes live. */
#ifndef SEA_EXAMPLE_H
#define SEA_EXAMPLE_H

#include "sea_yaml.h"

struct sea_example {
    struct sea_example *next;
    struct sea_yaml_mark at;
    const char *path; /* quiet_hours.service */
};

struct sea_examples {
    struct sea_example *first, *last;
    uint32_t count;
};

/* Adds the marked mappings of a file in their order; memory of the file's arena. A mark that is
 * neither true nor false is an error of the file. */
void sea_examples_add(struct sea_examples *examples, struct sea_yaml *yaml);

#endif
