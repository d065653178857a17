/* sea_yaml.c: loads a document with libyaml, whose nodes keep their marks, and bounds what it may
 * hold. */
#include "sea_yaml_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sea_yaml_errors_free(struct sea_yaml_errors *errors)
{
    sea_buf_free(&errors->lines);
    errors->count = 0;
}

/* A value that several markets inherit is read several times, and is wrong only once. */
static bool is_known(const struct sea_yaml_errors *errors, const char *line)
{
    const char *text = errors->lines.ptr;
    for (const char *hit = text; hit && (hit = strstr(hit, line)); hit++)
        if (hit == text || hit[-1] == '\n') return true;
    return false;
}

SEA_PRINTF(3, 0)
static void add_error(struct sea_yaml_errors *errors, struct sea_yaml_mark at, const char *fmt,
                      va_list args)
{
    char line[1024], place[32] = "";
    if (at.line > 0) snprintf(place, sizeof place, ":%u:%u", at.line, at.column);
    snprintf(line, sizeof line / 2, "%s%s: ", at.file ? at.file : "", place);
    size_t len = strlen(line);
    vsnprintf(line + len, sizeof line - len - 1, fmt, args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    len = strlen(line);
    memcpy(line + len, "\n", 2);
    if (is_known(errors, line)) return;
    errors->count++;
    if (errors->count <= SEA_YAML_ERRORS_MAX) sea_buf_text(&errors->lines, line);
}

void sea_yaml_errors_add(struct sea_yaml_errors *errors, struct sea_yaml_mark at, const char *fmt,
                         ...)
{
    va_list args;
    va_start(args, fmt);
    add_error(errors, at, fmt, args);
    va_end(args);
}

void sea_yaml_error(struct sea_yaml_node node, const char *fmt, ...)
{
    if (!sea_yaml_raw(node)) return;
    va_list args;
    va_start(args, fmt);
    add_error(node.yaml->errors, sea_yaml_mark(node), fmt, args);
    va_end(args);
}

yaml_node_t *sea_yaml_raw(struct sea_yaml_node node)
{
    return node.yaml ? yaml_document_get_node(&node.yaml->document, node.id) : NULL;
}

bool sea_yaml_scalar(struct sea_yaml_node node, struct sea_str *ret)
{
    const yaml_node_t *raw = sea_yaml_raw(node);
    if (!raw || raw->type != YAML_SCALAR_NODE) return false;
    *ret = (struct sea_str){(const char *)raw->data.scalar.value, raw->data.scalar.length};
    return true;
}

bool sea_yaml_is_absent(struct sea_yaml_node node)
{
    const yaml_node_t *raw = sea_yaml_raw(node);
    if (!raw) return true;
    if (raw->type != YAML_SCALAR_NODE || raw->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    const char *text = (const char *)raw->data.scalar.value;
    return !*text || !strcmp(text, "~") || !strcmp(text, "null");
}

bool sea_yaml_is_map(struct sea_yaml_node node)
{
    const yaml_node_t *raw = sea_yaml_raw(node);
    return raw && raw->type == YAML_MAPPING_NODE;
}

static struct sea_yaml_mark mark_of(const struct sea_yaml *yaml, yaml_mark_t at)
{
    return (struct sea_yaml_mark){yaml->name, (uint32_t)at.line + 1, (uint32_t)at.column + 1};
}

struct sea_yaml_mark sea_yaml_mark(struct sea_yaml_node node)
{
    const yaml_node_t *raw = sea_yaml_raw(node);
    return raw ? mark_of(node.yaml, raw->start_mark) : (struct sea_yaml_mark){0};
}

void *sea_yaml_zero(struct sea_yaml_node node, size_t size)
{
    void *memory = sea_arena_zero(node.yaml->arena, size);
    if (!memory) sea_yaml_error(node, "the configuration is too large");
    return memory;
}

const char *sea_yaml_keep(struct sea_yaml_node node, struct sea_str text)
{
    const char *kept = sea_arena_dup(node.yaml->arena, text);
    if (!kept) sea_yaml_error(node, "the configuration is too large");
    return kept;
}

struct sea_yaml_node sea_yaml_root(struct sea_yaml *yaml)
{
    return (struct sea_yaml_node){yaml, 1};
}

void sea_yaml_walk(struct sea_yaml *yaml, struct sea_yaml_walk *ret)
{
    *ret = (struct sea_yaml_walk){.yaml = yaml};
}

/* The n-th value inside a mapping or sequence, 0 after the last. */
static int inner(yaml_node_t *raw, uint32_t index)
{
    if (raw->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *item = raw->data.sequence.items.start + index;
        return item < raw->data.sequence.items.top ? *item : 0;
    }
    if (raw->type == YAML_MAPPING_NODE) {
        yaml_node_pair_t *pair = raw->data.mapping.pairs.start + index;
        return pair < raw->data.mapping.pairs.top ? pair->value : 0;
    }
    return 0;
}

/* frames[depth - 1] is the value returned last; a value nested too deeply is returned, not entered.
 */
bool sea_yaml_walk_next(struct sea_yaml_walk *walk, struct sea_yaml_node *ret)
{
    int id = 0;
    if (walk->values == 0) id = yaml_document_get_node(&walk->yaml->document, 1) ? 1 : 0;
    while (!id && walk->depth > 0) {
        struct sea_yaml_node top = {walk->yaml, walk->frames[walk->depth - 1].id};
        id = inner(sea_yaml_raw(top), walk->frames[walk->depth - 1].next++);
        if (!id || walk->depth == SEA_YAML_DEPTH_MAX) {
            id = 0;
            walk->depth--;
        }
    }
    if (!id) return false;
    walk->values++;
    walk->frames[walk->depth].id = id;
    walk->frames[walk->depth++].next = 0;
    *ret = (struct sea_yaml_node){walk->yaml, id};
    return true;
}

void sea_yaml_walk_path(const struct sea_yaml_walk *walk, struct sea_buf *out)
{
    for (uint32_t i = 0; i + 1 < walk->depth; i++) {
        struct sea_yaml_node node = {walk->yaml, walk->frames[i].id};
        const yaml_node_t *raw = sea_yaml_raw(node);
        uint32_t index = walk->frames[i].next - 1;
        if (raw->type == YAML_SEQUENCE_NODE) {
            sea_buf_printf(out, "[%u]", index);
            continue;
        }
        struct sea_str key;
        node.id = raw->data.mapping.pairs.start[index].key;
        if (out->len > 0) sea_buf_char(out, '.');
        if (sea_yaml_scalar(node, &key)) sea_buf_str(out, key);
    }
}

static bool check_keys(struct sea_yaml_node map)
{
    const yaml_node_t *raw = sea_yaml_raw(map);
    const yaml_node_pair_t *start = raw->data.mapping.pairs.start;
    const yaml_node_pair_t *top = raw->data.mapping.pairs.top;
    if (top - start > SEA_YAML_PAIRS_MAX) {
        sea_yaml_error(map, "too many keys, expected at most %d", SEA_YAML_PAIRS_MAX);
        return false;
    }
    bool is_good = true;
    for (const yaml_node_pair_t *pair = start; pair < top; pair++) {
        struct sea_yaml_node key = {map.yaml, pair->key};
        struct sea_str text, other;
        if (!sea_yaml_scalar(key, &text) || text.len == 0) {
            sea_yaml_error(key, "a key of this kind is not supported, expected plain text");
            return false;
        }
        for (const yaml_node_pair_t *before = start; before < pair; before++) {
            struct sea_yaml_node first = {map.yaml, before->key};
            if (!sea_yaml_scalar(first, &other) || !sea_str_eq(text, other)) continue;
            sea_yaml_error(key, "key '%.*s' appears twice, first in line %u", (int)text.len,
                           text.ptr, sea_yaml_mark(first).line);
            is_good = false;
        }
    }
    return is_good;
}

/* Aliases make the document a graph: what it unfolds to is bounded here, cycles included. */
static bool check_document(struct sea_yaml *yaml)
{
    struct sea_yaml_walk walk;
    struct sea_yaml_node node;
    bool is_good = true;
    sea_yaml_walk(yaml, &walk);
    while (sea_yaml_walk_next(&walk, &node)) {
        struct sea_str text;
        if (walk.values > SEA_YAML_VALUES_MAX) {
            sea_yaml_error(sea_yaml_root(yaml), "too many values, expected at most %d",
                           SEA_YAML_VALUES_MAX);
            return false;
        }
        if (walk.depth == SEA_YAML_DEPTH_MAX) {
            sea_yaml_error(node, "nested too deeply, expected at most %d levels",
                           SEA_YAML_DEPTH_MAX - 1);
            return false;
        }
        if (sea_yaml_scalar(node, &text) && memchr(text.ptr, 0, text.len)) {
            sea_yaml_error(node, "text holds a NUL character");
            is_good = false;
        }
        if (sea_yaml_is_map(node) && !check_keys(node)) is_good = false;
    }
    return is_good;
}

static void add_parser_error(const struct sea_yaml *yaml, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "cannot be read";
    sea_yaml_errors_add(yaml->errors, mark_of(yaml, parser->problem_mark),
                        "not YAML: %s%s%s, expected one document", problem,
                        parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Exactly one document. */
static bool load(struct sea_yaml *yaml, struct sea_str text)
{
    yaml_parser_t parser;
    yaml_document_t more = {0};
    bool is_good = false;
    if (!yaml_parser_initialize(&parser)) abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    if (!yaml_parser_load(&parser, &yaml->document)) {
        add_parser_error(yaml, &parser);
        memset(&yaml->document, 0, sizeof yaml->document);
        yaml_parser_delete(&parser);
        return false;
    }
    if (!yaml_document_get_root_node(&yaml->document)) {
        sea_yaml_errors_add(yaml->errors, (struct sea_yaml_mark){.file = yaml->name},
                            "is empty, expected a mapping");
    } else if (!yaml_parser_load(&parser, &more)) {
        add_parser_error(yaml, &parser);
    } else {
        is_good = !yaml_document_get_root_node(&more);
        if (!is_good)
            sea_yaml_errors_add(yaml->errors, mark_of(yaml, more.start_mark),
                                "a second document, expected one");
        yaml_document_delete(&more);
    }
    yaml_parser_delete(&parser);
    return is_good;
}

bool sea_yaml_parse(const char *name, struct sea_str text, struct sea_arena *arena,
                    struct sea_yaml_errors *errors, struct sea_yaml **ret)
{
    struct sea_yaml_mark file = {.file = name};
    if (text.len > SEA_YAML_FILE_MAX) {
        sea_yaml_errors_add(errors, file, "is too large, expected at most %d bytes",
                            SEA_YAML_FILE_MAX);
        return false;
    }
    struct sea_yaml *yaml = sea_alloc(sizeof *yaml);
    yaml->arena = arena;
    yaml->errors = errors;
    yaml->name = sea_arena_dup(arena, sea_str(name));
    if (!yaml->name) {
        sea_yaml_errors_add(errors, file, "the configuration is too large");
    } else if (load(yaml, text) && check_document(yaml)) {
        *ret = yaml;
        return true;
    }
    sea_yaml_close(&yaml);
    return false;
}

bool sea_yaml_open(const char *path, struct sea_arena *arena, struct sea_yaml_errors *errors,
                   struct sea_yaml **ret)
{
    struct sea_yaml_mark file = {.file = path};
    FILE *stream = fopen(path, "re");
    if (!stream) {
        sea_yaml_errors_add(errors, file, "%s, expected a readable file", strerror(errno));
        return false;
    }
    char *text = sea_alloc(SEA_YAML_FILE_MAX + 1);
    size_t len = fread(text, 1, SEA_YAML_FILE_MAX + 1, stream);
    bool is_read = !ferror(stream);
    fclose(stream);
    if (!is_read) sea_yaml_errors_add(errors, file, "cannot be read, expected a file");
    bool is_good = is_read && sea_yaml_parse(path, (struct sea_str){text, len}, arena, errors, ret);
    free(text);
    return is_good;
}

void sea_yaml_close(struct sea_yaml **yaml)
{
    if (!*yaml) return;
    yaml_document_delete(&(*yaml)->document);
    free(*yaml);
    *yaml = NULL;
}
