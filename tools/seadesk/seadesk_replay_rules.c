/* seadesk_replay_rules.c: whether a record may still be taken. */
#include "seadesk_replay_rules.h"

const char *seadesk_replay_disorder(enum sea_topic topic)
{
    switch (topic) {
    case SEA_TOPIC_DRAFTS:
    case SEA_TOPIC_OUTBOUND:
        return "later messages to this customer went out already, and an old one would follow them";
    case SEA_TOPIC_CLOCKS:
        return "later orders for this key's clocks were carried out, and an old one would undo "
               "them";
    case SEA_TOPIC_BUSINESS:
    case SEA_TOPIC_DLQ:
    case SEA_TOPIC_MESSAGES:     /* stand for themselves, sorted by their time */
    case SEA_TOPIC_CONSENTS:     /* carry their time; the newest wins */
    case SEA_TOPIC_PROFILES:     /* likewise */
    case SEA_TOPIC_ORDERS:       /* a late one is kept and not applied */
    case SEA_TOPIC_PARCELS:      /* likewise */
    case SEA_TOPIC_TIMELINES:    /* carry the timeline's version */
    case SEA_TOPIC_TICKETS:      /* carry the ticket's version */
    case SEA_TOPIC_COMMANDS:     /* carry the version they expect */
    case SEA_TOPIC_FOREIGN:      /* stand for themselves */
    case SEA_TOPIC_TRANSLATIONS: /* likewise */
    case SEA_TOPIC_RECEIPTS:     /* states only rise */
    case SEA_TOPIC_DELIVERIES:   /* likewise */
    case SEA_TOPIC_DEADLINES:    /* of one clock, final */
    case SEA_TOPIC_PRIVACY:      /* repeatable */
    case SEA_TOPIC_CATALOGUE:    /* carry their time */
    case SEA_TOPIC_CALLS:        /* stand for themselves */
    case SEA_TOPIC_FILES:        /* likewise, whichever piece comes first */
    case SEA_TOPICS:
        return NULL;
    }
    return NULL;
}

const char *seadesk_replay_refusal(const struct seadesk_replay_case *given)
{
    if (given->topic == SEA_TOPIC_BUSINESS || given->topic == SEA_TOPIC_DLQ)
        return "no service keeps records of this topic; publish the event again, with the same id";
    if (given->attempts >= SEADESK_ATTEMPTS_MAX)
        return "it failed five times; mend the cause, it is not tried again";
    if (given->is_gone) return "the topic no longer holds the record";
    return given->is_later_taken ? seadesk_replay_disorder(given->topic) : NULL;
}

bool seadesk_replay_is_intake(enum sea_topic topic)
{
    static const enum sea_topic INTAKE[] = {
        SEA_TOPIC_MESSAGES, SEA_TOPIC_RECEIPTS, SEA_TOPIC_CONSENTS,
        SEA_TOPIC_PROFILES, SEA_TOPIC_ORDERS,   SEA_TOPIC_CATALOGUE,
        SEA_TOPIC_CALLS,    SEA_TOPIC_FILES,    SEA_TOPIC_PARCELS};
    for (size_t i = 0; i < SEA_COUNT(INTAKE); i++)
        if (INTAKE[i] == topic) return true;
    return false;
}
