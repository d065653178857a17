/* sea_yaml.h: reads a YAML 1.1 file whole and knows of every value in which file and line it
 * stands.
 *
 * All mistakes of a file are collected, not only the first. An absent key and `null` mean the same.
 * Mappings can be layered: what the first doesn't give, the next one does; that is how a market
 * inherits from another, and why a wrong inherited value still names the file that holds it. */
#ifndef SEA_YAML_H
#define SEA_YAML_H

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_buf.h"

enum {
    SEA_YAML_FILE_MAX = 256 * 1024, /* bytes of one file */
    SEA_YAML_DEPTH_MAX = 24,        /* mappings and sequences inside each other */
    SEA_YAML_VALUES_MAX = 50000, /* values of one file, those behind an alias counted each time */
    SEA_YAML_PAIRS_MAX = 1000,   /* keys of one mapping */
    SEA_YAML_LAYERS_MAX = 8,
    SEA_YAML_ASKED_MAX = 32, /* keys that one reader may know; more count as unknown */
    SEA_YAML_ERRORS_MAX = 100,
};

/* A place in a file, both counted from 1; 0: the file as a whole. */
struct sea_yaml_mark {
    const char *file;
    uint32_t line, column;
};

/* Lines `file:line:column: what is wrong, expected …`, each once, at most SEA_YAML_ERRORS_MAX of
 * them. */
struct sea_yaml_errors {
    struct sea_buf lines;
    uint32_t count;
};

#define SEA_YAML_ERRORS                                                                            \
    {                                                                                              \
        .lines = SEA_BUF(64 * 1024)                                                                \
    }
void sea_yaml_errors_add(struct sea_yaml_errors *errors, struct sea_yaml_mark at, const char *fmt,
                         ...) SEA_PRINTF(3, 4);
void sea_yaml_errors_free(struct sea_yaml_errors *errors);

struct sea_yaml;

/* A value; the zero node stands for "absent", and every function takes it. */
struct sea_yaml_node {
    struct sea_yaml *yaml;
    int id;
};

/* Reads one document. Strings that readers get, and the file's name in marks, live in `arena`;
 * `errors` and `arena` are kept until the close. False: errors were added, *ret is untouched. */
SEA_MUST_CHECK bool sea_yaml_open(const char *path, struct sea_arena *arena,
                                  struct sea_yaml_errors *errors, struct sea_yaml **ret);
SEA_MUST_CHECK bool sea_yaml_parse(const char *name, struct sea_str text, struct sea_arena *arena,
                                   struct sea_yaml_errors *errors, struct sea_yaml **ret);
void sea_yaml_close(struct sea_yaml **yaml);

enum { SEA_YAML_FOLDER_MAX = 512 };
/* The names of a folder's .yaml files without that ending, in order; memory of the arena. False: an
 * error was added. */
SEA_MUST_CHECK bool sea_yaml_folder(const char *path, struct sea_arena *arena,
                                    struct sea_yaml_errors *errors, const char *const **ret,
                                    uint32_t *ret_count);

struct sea_yaml_node sea_yaml_root(struct sea_yaml *yaml);
bool sea_yaml_is_absent(struct sea_yaml_node node);
bool sea_yaml_is_map(struct sea_yaml_node node);
struct sea_yaml_mark sea_yaml_mark(struct sea_yaml_node node); /* all 0 when absent */
/* Adds an error at the node, a null one too; nothing when there is none. */
void sea_yaml_error(struct sea_yaml_node node, const char *fmt, ...) SEA_PRINTF(2, 3);

/* Zeroed memory of the file's arena, and a terminated copy in it; NULL, and an error at the node,
 * when it is full. */
void *sea_yaml_zero(struct sea_yaml_node node, size_t size);
const char *sea_yaml_keep(struct sea_yaml_node node, struct sea_str text);

/* Sequences. An absent one has no items; anything else than a sequence is an error. */
uint32_t sea_yaml_count(struct sea_yaml_node node);
struct sea_yaml_node sea_yaml_item(struct sea_yaml_node node, uint32_t index);

/* Mappings: the reader asks for the keys that it knows, then sea_yaml_end() reports all others. */
struct sea_yaml_map {
    struct sea_yaml_node layers[SEA_YAML_LAYERS_MAX];
    uint32_t layer_count;
    const char *asked[SEA_YAML_ASKED_MAX];
    uint32_t asked_count;
};

/* False, with an empty map: the node is absent, or no mapping (an error). */
bool sea_yaml_map(struct sea_yaml_node node, struct sea_yaml_map *ret);
/* Puts one more layer below: it gives what no layer above gives. False: an error was added. */
bool sea_yaml_map_under(struct sea_yaml_map *map, struct sea_yaml_node node);
struct sea_yaml_node sea_yaml_get(struct sea_yaml_map *map, const char *key);
struct sea_yaml_node sea_yaml_need(struct sea_yaml_map *map,
                                   const char *key); /* absent: an error */
/* The mapping under `key` with the layers of all layers; false when none has it. */
bool sea_yaml_sub(struct sea_yaml_map *map, const char *key, struct sea_yaml_map *ret);
void sea_yaml_end(const struct sea_yaml_map *map);
/* For mappings whose keys are data: every key once, values that are null included; *cursor begins
 * at 0. */
bool sea_yaml_next(const struct sea_yaml_map *map, uint32_t *cursor, const char **ret_key,
                   struct sea_yaml_node *ret_key_node);

/* Conversions. True: *ret is set. False: absent, or wrong and then an error was added; *ret is
 * untouched. */
bool sea_yaml_text(struct sea_yaml_node node, const char **ret); /* not empty */
bool sea_yaml_texts(struct sea_yaml_node node, const char *const **ret, uint32_t *ret_count);
bool sea_yaml_int(struct sea_yaml_node node, int64_t min, int64_t max, int64_t *ret);
bool sea_yaml_bool(struct sea_yaml_node node, bool *ret); /* true or false */
/* One of `names`; *ret is its index. */
bool sea_yaml_choice(struct sea_yaml_node node, const char *const *names, size_t count,
                     uint32_t *ret);
bool sea_yaml_percent(struct sea_yaml_node node, uint32_t *ret); /* 0% … 100% */
/* Whole numbers with units in falling order: 1d, 2h, 1h30m, 90s, 250ms. */
bool sea_yaml_duration(struct sea_yaml_node node, int64_t min_ms, int64_t max_ms, int64_t *ret_ms);
bool sea_yaml_daytime(struct sea_yaml_node node, uint16_t *ret_min); /* 00:00 … 24:00 */
bool sea_yaml_date(struct sea_yaml_node node, int32_t *ret_day);     /* days since 1970-01-01 */
bool sea_yaml_instant(struct sea_yaml_node node, int64_t *ret_ms);   /* RFC 3339 */
/* ISO 8601 calendar period of years, months, weeks and days (P1M, P1Y6M, P30D), longer than
 * nothing. */
bool sea_yaml_period(struct sea_yaml_node node, uint32_t *ret_months, uint32_t *ret_days);

/* Walks over every value of the file, depth first. */
struct sea_yaml_walk {
    struct sea_yaml *yaml;
    struct {
        int id;
        uint32_t next;
    } frames[SEA_YAML_DEPTH_MAX];
    uint32_t depth, values;
};
void sea_yaml_walk(struct sea_yaml *yaml, struct sea_yaml_walk *ret);
bool sea_yaml_walk_next(struct sea_yaml_walk *walk, struct sea_yaml_node *ret);
/* The keys and item numbers that lead to the value just returned: `quiet_hours.service`. */
void sea_yaml_walk_path(const struct sea_yaml_walk *walk, struct sea_buf *out);

#endif
