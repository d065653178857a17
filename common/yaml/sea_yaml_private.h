/* sea_yaml_private.h: what the files of this folder share. */
#ifndef SEA_YAML_PRIVATE_H
#define SEA_YAML_PRIVATE_H

#include <yaml.h>

#include "sea_yaml.h"

struct sea_yaml {
    yaml_document_t document;
    const char *name; /* in the arena */
    struct sea_arena *arena;
    struct sea_yaml_errors *errors;
};

/* libyaml's own view of a node; NULL when absent. */
yaml_node_t *sea_yaml_raw(struct sea_yaml_node node);
/* The text of a scalar; false for mappings and sequences. */
bool sea_yaml_scalar(struct sea_yaml_node node, struct sea_str *ret);
#endif
