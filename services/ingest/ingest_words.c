/* ingest_words.c: what isn't written as a text, such as a place, a card or a form's answers, as
 * words that a person can read. */
#include <string.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "seadesk/v1/messages.pb-c.h"

enum { ANSWERS_DEPTH_MAX = 3, TYPE_MAX = 32 };

void ingest_words_add(struct ingest_words *lines, struct sea_str line)
{
    line = sea_str_trim(line);
    if (line.len && lines->count < INGEST_WORDS_MAX) lines->list[lines->count++] = line;
}

struct sea_str ingest_words_text(const struct ingest_words *lines)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < lines->count; i++) len += lines->list[i].len + 1;
    char *text = len ? sea_arena_alloc(lines->arena, len) : NULL;
    if (!text) return (struct sea_str){NULL, 0};
    for (size_t i = 0; i < lines->count; i++) {
        memcpy(text + at, lines->list[i].ptr, lines->list[i].len);
        at += lines->list[i].len;
        text[at++] = '\n';
    }
    return (struct sea_str){text, len - 1};
}

void ingest_name_wordless(struct ingest_message *message, struct sea_str type,
                          struct sea_arena *arena)
{
    bool is_message = message->kind == SEADESK__V1__MESSAGE_KIND__TEXT ||
                      message->kind == SEADESK__V1__MESSAGE_KIND__OTHER;
    if (!is_message || message->text.len || message->attachments_count) return;
    type = type.len ? sea_utf8_cut(type, TYPE_MAX) : SEA_STR("unsupported");
    message->kind = SEADESK__V1__MESSAGE_KIND__OTHER;
    message->text = ingest_printed(arena, "[%.*s]", (int)type.len, type.ptr);
}

struct sea_str ingest_unescaped(struct sea_str text, struct sea_arena *arena)
{
    static const struct {
        const char *written;
        char meant;
    } MARKS[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
    bool has_any = text.len && memchr(text.ptr, '&', text.len);
    char *copy = has_any ? sea_arena_alloc(arena, text.len) : NULL;
    size_t len = 0;
    if (!copy) return text;
    for (size_t at = 0; at < text.len; len++) {
        struct sea_str rest = {text.ptr + at, text.len - at};
        size_t taken = 1;
        copy[len] = rest.ptr[0];
        for (size_t i = 0; rest.ptr[0] == '&' && i < SEA_COUNT(MARKS); i++) {
            if (!sea_str_starts(rest, MARKS[i].written)) continue;
            copy[len] = MARKS[i].meant;
            taken = strlen(MARKS[i].written);
            break;
        }
        at += taken;
    }
    return (struct sea_str){copy, len};
}

static struct sea_str scalar_of(yyjson_val *value, struct sea_arena *arena)
{
    if (yyjson_is_num(value) || yyjson_is_bool(value)) return ingest_json_raw(value, arena);
    if (!yyjson_is_str(value)) return (struct sea_str){NULL, 0};
    return (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)};
}

struct sea_str ingest_json_scalar(yyjson_val *object, const char *name, struct sea_arena *arena)
{
    return scalar_of(yyjson_obj_get(object, name), arena);
}

struct sea_str ingest_place(struct sea_str name, struct sea_str address, struct sea_str latitude,
                            struct sea_str longitude, struct sea_arena *arena)
{
    struct ingest_words lines = {.arena = arena};
    ingest_words_add(&lines, name);
    ingest_words_add(&lines, address);
    if (latitude.len && longitude.len)
        ingest_words_add(&lines, ingest_printed(arena, "%.*s,%.*s", (int)latitude.len, latitude.ptr,
                                                (int)longitude.len, longitude.ptr));
    return ingest_words_text(&lines);
}

void ingest_words_each(struct ingest_words *lines, yyjson_val *list, const char *member)
{
    size_t i, n;
    yyjson_val *each;
    yyjson_arr_foreach(list, i, n, each) ingest_words_add(lines, ingest_json_str(each, member));
}

static void add_answers(struct ingest_words *lines, yyjson_val *object, int depth)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        struct sea_str said = scalar_of(value, lines->arena);
        if (lines->count == INGEST_WORDS_MAX) return;
        if (said.len)
            ingest_words_add(lines, ingest_printed(lines->arena, "%s: %.*s", yyjson_get_str(key),
                                                   (int)said.len, said.ptr));
        else if (yyjson_is_obj(value) && depth < ANSWERS_DEPTH_MAX)
            add_answers(lines, value, depth + 1);
    }
}

void ingest_words_answers(struct ingest_words *lines, yyjson_val *object)
{
    if (yyjson_is_obj(object)) add_answers(lines, object, 1);
}
