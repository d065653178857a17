/* sea_example.c: finds the mappings marked `example: true`. */
#include "sea_example.h"

#include "sea_yaml_private.h"

static void add(struct sea_examples *examples, const struct sea_yaml_walk *walk,
                struct sea_yaml_node node)
{
    struct sea_buf path = SEA_BUF(400);
    sea_yaml_walk_path(walk, &path);
    struct sea_example *example = sea_yaml_zero(node, sizeof *example);
    if (example) {
        example->at = sea_yaml_mark(node);
        example->path = sea_yaml_keep(node, sea_buf_view(&path));
        *(examples->last ? &examples->last->next : &examples->first) = example;
        examples->last = example;
        examples->count++;
    }
    sea_buf_free(&path);
}

void sea_examples_add(struct sea_examples *examples, struct sea_yaml *yaml)
{
    struct sea_yaml_walk walk;
    struct sea_yaml_node node;
    struct sea_yaml_map map;
    sea_yaml_walk(yaml, &walk);
    while (sea_yaml_walk_next(&walk, &node)) {
        bool is_example = false;
        if (!sea_yaml_is_map(node) || !sea_yaml_map(node, &map)) continue;
        sea_yaml_bool(sea_yaml_get(&map, "example"), &is_example);
        if (is_example) add(examples, &walk, node);
    }
}
