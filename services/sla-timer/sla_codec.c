/* sla_codec.c: protobuf in, protobuf out. */
#include "sla_codec.h"

#include <stdio.h>

#include "sea_id.h"

_Static_assert((int)SEADESK__V1__CLOCK_STATE__CLOCK_CANCELLED == (int)SLA_CANCELLED,
               "states keep the values of the wire");
_Static_assert((int)SEADESK__V1__TICKET_STATUS__CLOSED == (int)SLA_CLOSED,
               "statuses keep the values of the wire");

enum { WISH_KEY_MAX_BYTES = 256, WISH_NAME_MAX_BYTES = 64 };

static char *text(struct sea_txn *txn, struct sea_str from)
{
    char *copy = sea_arena_dup(txn->arena, from);
    sea_assert(copy);
    return copy;
}

static ProtobufCBinaryData bytes(struct sea_txn *txn, const void *data, size_t len)
{
    struct sea_str copy = sea_arena_str(txn->arena, (struct sea_str){data, len});
    sea_assert(copy.ptr);
    return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)copy.ptr};
}

static const char *kind_of(const struct sla_effect *effect)
{
    return effect->state == SLA_WARNED ? "deadlines.warned" : "deadlines.breached";
}

static enum sea_err tell_one(struct sea_txn *txn, const struct sla_row *row,
                             const struct sla_effect *effect, const struct sea_record *record,
                             uint32_t n)
{
    const struct sla_clock *clock = &row->ticket.clocks[effect->clock];
    struct sea_uuid id = sla_core_clock_id(row->ticket.id, effect);
    char key[SEA_KEY_TEXT];
    Seadesk__V1__DeadlineChanged told = SEADESK__V1__DEADLINE_CHANGED__INIT;
    told.clock_id = bytes(txn, id.bytes, sizeof(id.bytes));
    told.ticket_id = bytes(txn, row->ticket.id.bytes, sizeof(row->ticket.id.bytes));
    told.home_key = bytes(txn, row->home.bytes, sizeof(row->home.bytes));
    told.owner = text(txn, SEA_STR("sla-timer"));
    told.name = text(txn, sea_str(SEA_CLOCK_NAMES[effect->clock]));
    told.state = (Seadesk__V1__ClockState)effect->state;
    told.due_at_ms = effect->due_ms;
    told.at_ms = effect->at_ms;
    told.is_withdrawn = effect->is_withdrawn;
    told.is_late_decision = effect->is_late_decision;
    told.policy = text(txn, clock->policy.len ? clock->policy : sea_str(row->ticket.market->code));
    told.market = text(txn, row->market);
    told.channel = text(txn, row->channel);
    sea_key_print(row->home, key);
    struct sea_cause cause =
        record ? sea_cause_of(record) : (struct sea_cause){.id = id, .root = row->root};
    return sea_txn_emit(txn, record ? (uint32_t)record->partition : row->number,
                        SEA_TOPIC_DEADLINES, sea_str(key), &told.base, &cause,
                        record ? "deadlines" : kind_of(effect), record ? n : 0, NULL);
}

enum sea_err sla_codec_tell(struct sea_txn *txn, const struct sla_row *row,
                            const struct sla_effects *effects, const struct sea_record *record)
{
    enum sea_err err = SEA_OK;
    for (uint32_t i = 0; !err && i < effects->count; i++)
        err = tell_one(txn, row, &effects->items[i], record, i);
    return err;
}

static struct sea_uuid wish_id(const struct sla_wish *wish)
{
    char due[24];
    snprintf(due, sizeof(due), "%lld", (long long)wish->due_ms);
    const struct sea_str parts[] = {wish->owner, wish->key, wish->name, sea_str(due)};
    return sea_uuid5(parts, SEA_COUNT(parts));
}

enum sea_err sla_codec_tell_wish(struct sea_txn *txn, const struct sla_wish *wish, int64_t at_ms,
                                 bool is_late)
{
    struct sea_uuid id = wish_id(wish);
    Seadesk__V1__DeadlineChanged told = SEADESK__V1__DEADLINE_CHANGED__INIT;
    told.clock_id = bytes(txn, id.bytes, sizeof(id.bytes));
    told.owner = text(txn, wish->owner);
    told.key = bytes(txn, wish->key.ptr, wish->key.len);
    told.name = text(txn, wish->name);
    told.state = (Seadesk__V1__ClockState)wish->state;
    told.due_at_ms = wish->due_ms;
    told.at_ms = at_ms;
    told.is_late_decision = is_late;
    struct sea_cause cause = {.id = id, .root = wish->root};
    return sea_txn_emit(txn, wish->number, SEA_TOPIC_DEADLINES, wish->topic_key, &told.base, &cause,
                        wish->state == SLA_WARNED ? "deadlines.warned" : "deadlines.breached", 0,
                        NULL);
}

struct sla_change sla_codec_change(const struct sla_item *item)
{
    const Seadesk__V1__TicketChanged *from = item->change;
    return (struct sla_change){.version = from->version,
                               .status = (enum sla_status)from->status,
                               .opened_ms = from->opened_at_ms,
                               .asked_ms = from->asked_at_ms,
                               .acknowledged_ms = from->acknowledged_at_ms,
                               .answered_ms = from->answered_at_ms,
                               .resolved_ms = from->resolved_at_ms,
                               .said_ms = item->record->headers.time_ms};
}

static const char *read_name(const char *owner, ProtobufCBinaryData key, const char *name,
                             const struct sea_record *record, struct sla_wish *ret)
{
    *ret = (struct sla_wish){.owner = sea_str(owner),
                             .key = {(const char *)key.data, key.len},
                             .name = sea_str(name),
                             .topic_key = record->key,
                             .number = (uint32_t)record->partition,
                             .state = SLA_RUNNING,
                             .root = sea_uuid_is_nil(record->headers.root) ? record->headers.id
                                                                           : record->headers.root,
                             .cause = record->headers.id};
    if (!ret->owner.len || !ret->name.len || !ret->key.len) return "no-clock-name";
    if (ret->owner.len > WISH_NAME_MAX_BYTES || ret->name.len > WISH_NAME_MAX_BYTES ||
        ret->key.len > WISH_KEY_MAX_BYTES)
        return "clock-name-too-long";
    return NULL;
}

const char *sla_codec_set(struct sea_txn *txn, const struct sea_record *record,
                          struct sla_wish *ret)
{
    const Seadesk__V1__ClockSet *from =
        sea_txn_decode(txn, &seadesk__v1__clock_set__descriptor, record->value);
    if (!from) return "undecodable";
    const char *reason = read_name(from->owner, from->key, from->name, record, ret);
    if (reason) return reason;
    if (from->due_at_ms <= 0) return "no-due-time";
    ret->due_ms = from->due_at_ms;
    ret->warn_ms =
        from->warn_at_ms > 0 && from->warn_at_ms < from->due_at_ms ? from->warn_at_ms : 0;
    return NULL;
}

const char *sla_codec_cancel(struct sea_txn *txn, const struct sea_record *record,
                             struct sla_wish *ret)
{
    const Seadesk__V1__ClockCancelled *from =
        sea_txn_decode(txn, &seadesk__v1__clock_cancelled__descriptor, record->value);
    if (!from) return "undecodable";
    const char *reason = read_name(from->owner, from->key, from->name, record, ret);
    ret->is_cancelled = true;
    return reason;
}
