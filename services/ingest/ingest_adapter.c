/* ingest_adapter.c: the table of adapters and what they share. */
#include "ingest_adapter.h"

#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"

static const struct ingest_adapter *const ADAPTERS[] = {&ingest_whatsapp, &ingest_twilio};

const struct ingest_adapter *ingest_adapter_of(enum sea_adapter id)
{
    for (size_t i = 0; i < SEA_COUNT(ADAPTERS); i++)
        if (ADAPTERS[i]->id == id) return ADAPTERS[i];
    return NULL;
}

struct sea_uuid ingest_id(const char *kind, const struct sea_account *account,
                          const struct sea_str *parts, size_t count)
{
    struct sea_str all[8] = {sea_str(kind), sea_str(account->channel->name),
                             sea_str(account->name)};
    sea_assert(count <= SEA_COUNT(all) - 3);
    memcpy(all + 3, parts, count * sizeof(*parts));
    return sea_uuid5(all, count + 3);
}

struct sea_str ingest_form_get(struct sea_str form, const char *name, struct sea_arena *arena)
{
    size_t name_len = strlen(name);
    while (form.len) {
        const char *amp = memchr(form.ptr, '&', form.len);
        struct sea_str pair = {form.ptr, amp ? (size_t)(amp - form.ptr) : form.len};
        size_t gone = amp ? pair.len + 1 : pair.len;
        form.ptr += gone;
        form.len -= gone;
        if (pair.len <= name_len || pair.ptr[name_len] != '=' ||
            memcmp(pair.ptr, name, name_len) != 0)
            continue;
        struct sea_str raw = {pair.ptr + name_len + 1, pair.len - name_len - 1};
        char *text = sea_arena_alloc(arena, raw.len + 1);
        size_t len = 0;
        if (!text || !sea_percent_decode(raw, true, text, &len)) break;
        return (struct sea_str){text, len};
    }
    return (struct sea_str){NULL, 0};
}

/* Of the character at `bytes`; 0: it is none. */
static size_t char_len(const char *bytes, size_t left)
{
    for (size_t len = 1; len <= 4 && len <= left; len++)
        if (sea_utf8_is_valid((struct sea_str){bytes, len})) return len;
    return 0;
}

struct sea_str ingest_form_text(struct sea_str form, const char *name, struct sea_arena *arena)
{
    struct sea_str text = ingest_form_get(form, name, arena);
    if (sea_utf8_is_valid(text)) return text;
    char *copy = sea_arena_dup(arena, text);
    if (!copy) return (struct sea_str){NULL, 0};
    for (size_t i = 0; i < text.len;) {
        size_t len = char_len(copy + i, text.len - i);
        if (!len) copy[i] = '?';
        i += len ? len : 1;
    }
    return (struct sea_str){copy, text.len};
}
