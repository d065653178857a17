/* seadesk_letters.c: the dead letters on seadesk.dlq. */
#include "seadesk_letters.h"

#include "seadesk/v1/dlq.pb-c.h"

enum { ARENA_MAX = 64 * 1024 * 1024 };

static struct seadesk_letter *find(const struct seadesk_letters *letters, struct sea_str service,
                                   struct sea_str topic, int32_t partition, int64_t offset)
{
    for (size_t i = 0; i < letters->count; i++) {
        struct seadesk_letter *one = &letters->items[i];
        if (one->offset == offset && one->partition == partition && sea_str_eq(one->topic, topic) &&
            sea_str_eq(one->service, service))
            return one;
    }
    return NULL;
}

static void add(struct seadesk_letters *letters, const Seadesk__V1__DeadLetter *said, uint64_t pos)
{
    struct seadesk_letter *known =
        find(letters, sea_str(said->service), sea_str(said->topic), said->partition, said->offset);
    if (known) {
        if (pos == 0 || pos != known->pos) known->times++;
        known->pos = pos;
        known->at_ms = said->at_ms;
        return;
    }
    if (letters->count == SEADESK_LETTERS_MAX) {
        letters->is_cut = true;
        return;
    }
    letters->items[letters->count++] = (struct seadesk_letter){
        .service = sea_arena_str(&letters->arena, sea_str(said->service)),
        .topic = sea_arena_str(&letters->arena, sea_str(said->topic)),
        .reason = sea_arena_str(&letters->arena, sea_str(said->reason)),
        .type = sea_arena_str(&letters->arena, sea_str(said->ce_type)),
        .partition = said->partition,
        .offset = said->offset,
        .at_ms = said->at_ms,
        .times = 1,
        .pos = pos,
    };
}

static bool take(void *arg, const struct sea_record *record)
{
    Seadesk__V1__DeadLetter *said = seadesk__v1__dead_letter__unpack(
        NULL, record->value.len, (const uint8_t *)record->value.ptr);
    if (said) add(arg, said, record->headers.pos);
    if (said) seadesk__v1__dead_letter__free_unpacked(said, NULL);
    return true;
}

enum sea_err seadesk_letters_load(rd_kafka_t *reader, struct seadesk_letters *ret)
{
    static struct seadesk_marks marks;
    enum sea_err err = SEA_OK;
    *ret = (struct seadesk_letters){.arena = SEA_ARENA(ARENA_MAX)};
    ret->items = sea_arena_zero(&ret->arena, SEADESK_LETTERS_MAX * sizeof(*ret->items));
    sea_assert(ret->items);
    for (int32_t p = 0; p < SEA_PARTITIONS && !err; p++) {
        if (!seadesk_kafka_mark(reader, &marks, SEA_TOPIC_DLQ, p)) err = SEA_ERR_RETRY;
        if (!err)
            err = seadesk_kafka_read(reader, SEA_TOPIC_DLQ, p, marks.low[SEA_TOPIC_DLQ][p],
                                     marks.high[SEA_TOPIC_DLQ][p], take, ret);
    }
    if (err) seadesk_letters_free(ret);
    return err;
}

void seadesk_letters_free(struct seadesk_letters *letters)
{
    sea_arena_free(&letters->arena);
    *letters = (struct seadesk_letters){0};
}

const struct seadesk_letter *seadesk_letters_find(const struct seadesk_letters *letters,
                                                  const char *service, const char *topic,
                                                  int32_t partition, int64_t offset)
{
    return find(letters, sea_str(service), sea_str(topic), partition, offset);
}
