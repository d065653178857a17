/* ingest_parts.c: a list of messages that aren't whole. */
#include "ingest_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_adapter.h"
#include "sea_buf.h"
#include "sea_id.h"

struct piece {
    char *external_id, *text; /* NULL: not there yet */
};

struct bundle {
    struct sea_uuid id;
    int64_t first_ms;
    uint32_t total, count;
    uint32_t passed; /* how many parts were there when it was passed on; 0: never */
    size_t bytes;
    char *source, *body; /* of the part that came last */
    struct piece pieces[INGEST_PARTS_MAX];
};

struct ingest_parts {
    int64_t wait_ms;
    size_t count, bytes;
    struct bundle *list[INGEST_PARTS_MESSAGES_MAX]; /* in the order of first_ms */
};

void ingest_parts_open(struct ingest_parts **ret, int64_t wait_ms)
{
    *ret = sea_alloc(sizeof(**ret));
    (*ret)->wait_ms = wait_ms;
}

static void forget(struct ingest_parts *parts, size_t n)
{
    struct bundle *bundle = parts->list[n];
    for (uint32_t i = 0; i < bundle->total; i++) {
        free(bundle->pieces[i].external_id);
        free(bundle->pieces[i].text);
    }
    parts->bytes -= bundle->bytes;
    free(bundle->source);
    free(bundle->body);
    free(bundle);
    parts->count--;
    memmove(parts->list + n, parts->list + n + 1, (parts->count - n) * sizeof(*parts->list));
}

void ingest_parts_close(struct ingest_parts **parts)
{
    while (*parts && (*parts)->count) forget(*parts, 0);
    free(*parts);
    *parts = NULL;
}

struct sea_uuid ingest_parts_id(const struct ingest_item *item)
{
    char total[12];
    snprintf(total, sizeof(total), "%u", item->message.parts);
    const struct sea_str names[] = {SEA_STR("parts"), item->channel,         item->account,
                                    item->contact_id, item->message.part_of, sea_str(total)};
    return sea_uuid5(names, SEA_COUNT(names));
}

static struct bundle *find(const struct ingest_parts *parts, struct sea_uuid id)
{
    for (size_t i = 0; i < parts->count; i++)
        if (sea_uuid_eq(parts->list[i]->id, id)) return parts->list[i];
    return NULL;
}

static void set_text(struct ingest_parts *parts, struct bundle *bundle, char **slot,
                     struct sea_str text)
{
    size_t before = *slot ? strlen(*slot) : 0;
    free(*slot);
    *slot = sea_str_dup(text);
    bundle->bytes += text.len - before;
    parts->bytes += text.len - before;
}

static struct bundle *open_bundle(struct ingest_parts *parts, const struct ingest_item *item,
                                  int64_t now_ms)
{
    if (parts->count == INGEST_PARTS_MESSAGES_MAX) return NULL;
    struct bundle *bundle = sea_alloc(sizeof(*bundle));
    bundle->id = ingest_parts_id(item);
    bundle->first_ms = now_ms;
    bundle->total = item->message.parts;
    parts->list[parts->count++] = bundle;
    return bundle;
}

static enum ingest_parts_state state_of(const struct ingest_parts *parts,
                                        const struct bundle *bundle, int64_t now_ms)
{
    if (bundle->count == bundle->total) return INGEST_PARTS_WHOLE;
    return now_ms - bundle->first_ms >= parts->wait_ms ? INGEST_PARTS_OVER : INGEST_PARTS_WAIT;
}

enum ingest_parts_state ingest_parts_add(struct ingest_parts *parts, const struct ingest_item *item,
                                         struct sea_str source, struct sea_str body, int64_t now_ms)
{
    const struct ingest_message *message = &item->message;
    struct bundle *bundle = find(parts, ingest_parts_id(item));
    sea_assert(message->part >= 1 && message->part <= message->parts &&
               message->parts <= INGEST_PARTS_MAX);
    size_t more = message->text.len + message->external_id.len + source.len + body.len;
    if (parts->bytes + more > INGEST_PARTS_BYTES_MAX) return INGEST_PARTS_FULL;
    if (!bundle) bundle = open_bundle(parts, item, now_ms);
    if (!bundle) return INGEST_PARTS_FULL;
    struct piece *piece = &bundle->pieces[message->part - 1];
    if (!piece->text) {
        set_text(parts, bundle, &piece->text, message->text);
        set_text(parts, bundle, &piece->external_id, message->external_id);
        set_text(parts, bundle, &bundle->source, source);
        set_text(parts, bundle, &bundle->body, body);
        bundle->count++;
    }
    return state_of(parts, bundle, now_ms);
}

static void join_texts(const struct bundle *bundle, struct sea_buf *out)
{
    for (uint32_t i = 0; i < bundle->total; i++) {
        if (bundle->pieces[i].text)
            sea_buf_text(out, bundle->pieces[i].text);
        else if (i == 0 || bundle->pieces[i - 1].text)
            sea_buf_text(out, "[…]");
    }
}

bool ingest_parts_join(const struct ingest_parts *parts, struct sea_arena *arena,
                       const struct sea_account *account, struct ingest_item *item)
{
    const struct bundle *bundle = find(parts, ingest_parts_id(item));
    struct sea_buf text = SEA_BUF(INGEST_PARTS_MAX * (INGEST_PART_BYTES_MAX + 8));
    uint32_t there = 0, first = 0;
    char mark[16] = "";
    sea_assert(bundle);
    join_texts(bundle, &text);
    for (uint32_t i = bundle->total; i-- > 0;) {
        if (!bundle->pieces[i].text) continue;
        there |= 1u << i;
        first = i;
    }
    item->message.is_incomplete = bundle->count < bundle->total;
    if (item->message.is_incomplete) snprintf(mark, sizeof(mark), "/%x", there);
    item->message.external_id =
        ingest_printed(arena, "%s%s", bundle->pieces[first].external_id, mark);
    item->message.text = sea_arena_str(arena, sea_buf_view(&text));
    sea_buf_free(&text);
    item->id = ingest_id("message", account, &item->message.external_id, 1);
    return item->message.external_id.len > 0;
}

void ingest_parts_passed(struct ingest_parts *parts, struct sea_uuid id)
{
    struct bundle *bundle = find(parts, id);
    if (bundle) bundle->passed = bundle->count;
}

bool ingest_parts_over(struct ingest_parts *parts, int64_t now_ms, struct ingest_parts_left *ret)
{
    while (parts->count && parts->list[0]->passed == parts->list[0]->count &&
           now_ms - parts->list[0]->first_ms >= 2 * parts->wait_ms)
        forget(parts, 0);
    for (size_t i = 0; i < parts->count; i++) {
        const struct bundle *bundle = parts->list[i];
        if (now_ms - bundle->first_ms < parts->wait_ms) return false;
        if (bundle->passed == bundle->count) continue;
        *ret =
            (struct ingest_parts_left){bundle->id, sea_str(bundle->source), sea_str(bundle->body)};
        return true;
    }
    return false;
}
