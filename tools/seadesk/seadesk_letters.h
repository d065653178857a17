/* seadesk_letters.h: the dead letters on seadesk.dlq. */
#ifndef SEADESK_LETTERS_H
#define SEADESK_LETTERS_H

#include "sea_arena.h"
#include "seadesk_kafka.h"

enum { SEADESK_LETTERS_MAX = 10000 };

struct seadesk_letter {
    struct sea_str service, topic, reason, type;
    int32_t partition;
    int64_t offset, at_ms;
    uint32_t times; /* refused so often */
    uint64_t pos;   /* of the newest letter: a copy of it isn't another refusal */
};

struct seadesk_letters {
    struct seadesk_letter *items; /* in order of their first refusal per partition of the topic */
    size_t count;
    bool is_cut; /* there are more than SEADESK_LETTERS_MAX */
    struct sea_arena arena;
};

/* Reads them all; each record once, however often it was refused. */
SEA_MUST_CHECK enum sea_err seadesk_letters_load(rd_kafka_t *reader, struct seadesk_letters *ret);
void seadesk_letters_free(struct seadesk_letters *letters);
/* NULL: that service never refused that record. */
const struct seadesk_letter *seadesk_letters_find(const struct seadesk_letters *letters,
                                                  const char *service, const char *topic,
                                                  int32_t partition, int64_t offset);

#endif
