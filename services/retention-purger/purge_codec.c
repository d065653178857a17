/* purge_codec.c: records of seadesk.privacy as plain structs, and back. */
#include "purge_codec.h"

#include <stdlib.h>
#include <string.h>

#include "purge_core.h"
#include "seadesk/v1/privacy.pb-c.h"

static bool read_uuid(ProtobufCBinaryData data, struct sea_uuid *ret)
{
    if (data.len != sizeof(ret->bytes)) return false;
    memcpy(ret->bytes, data.data, sizeof(ret->bytes));
    return !sea_uuid_is_nil(*ret);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct sea_key));
}

static const char *read_contacts(struct sea_txn *txn, const ProtobufCBinaryData *given,
                                 size_t count, struct purge_event *ret)
{
    if (count > PURGE_CONTACTS_MOST) return "too_many";
    ret->contacts = sea_arena_zero(txn->arena, (count + 1) * sizeof(*ret->contacts));
    sea_assert(ret->contacts);
    for (size_t i = 0; i < count; i++) {
        if (given[i].len != sizeof(struct sea_key)) return "malformed";
        memcpy(ret->contacts[i].bytes, given[i].data, sizeof(struct sea_key));
    }
    qsort(ret->contacts, count, sizeof(*ret->contacts), by_bytes);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !sea_key_eq(ret->contacts[i], ret->contacts[i - 1]))
            ret->contacts[ret->contact_count++] = ret->contacts[i];
    return NULL;
}

static const char *read_asked(struct sea_txn *txn, const struct sea_record *record,
                              struct purge_event *ret)
{
    const Seadesk__V1__ErasureRequested *asked =
        sea_txn_decode(txn, &seadesk__v1__erasure_requested__descriptor, record->value);
    if (!asked) return "undecodable";
    ret->kind = PURGE_ASKED;
    ret->asked_by = sea_str(asked->requested_by);
    if (!read_uuid(asked->request_id, &ret->request_id) ||
        !read_uuid(asked->customer_id, &ret->customer_id))
        return "malformed";
    ret->asked_for = sea_str(asked->kind);
    bool is_offered = sea_str_is(ret->asked_for, "erase") || sea_str_is(ret->asked_for, "export");
    return is_offered ? NULL : "kind_not_offered";
}

static const char *read_resolved(struct sea_txn *txn, const struct sea_record *record,
                                 struct purge_event *ret)
{
    const Seadesk__V1__SubjectResolved *resolved =
        sea_txn_decode(txn, &seadesk__v1__subject_resolved__descriptor, record->value);
    if (!resolved) return "undecodable";
    ret->kind = PURGE_RESOLVED;
    if (!read_uuid(resolved->request_id, &ret->request_id)) return "malformed";
    return read_contacts(txn, resolved->contact_keys,
                         resolved->is_found ? resolved->n_contact_keys : 0, ret);
}

static bool read_store(const Seadesk__V1__ErasureDone__StoreProof *given, struct sea_str service,
                       struct purge_store *ret)
{
    *ret = (struct purge_store){.service = service,
                                .store = sea_str(given->store),
                                .state = sea_str(given->state),
                                .rows = given->rows};
    return purge_is_name(ret->store) && purge_is_name(ret->state) && given->rows <= INT64_MAX;
}

static const char *read_answer(struct sea_txn *txn, const struct sea_record *record,
                               struct purge_event *ret)
{
    const Seadesk__V1__ErasureDone *done =
        sea_txn_decode(txn, &seadesk__v1__erasure_done__descriptor, record->value);
    if (!done) return "undecodable";
    ret->kind = PURGE_ANSWERED;
    ret->service = sea_str(done->service);
    if (!read_uuid(done->request_id, &ret->request_id)) return "malformed";
    if (!purge_is_service(ret->service)) return "unknown_service";
    if (done->n_stores > PURGE_STORES_MOST) return "too_many";
    ret->stores = sea_arena_zero(txn->arena, (done->n_stores + 1) * sizeof(*ret->stores));
    sea_assert(ret->stores);
    for (size_t i = 0; i < done->n_stores; i++)
        if (!read_store(done->stores[i], ret->service, &ret->stores[ret->store_count++]))
            return "malformed";
    return NULL;
}

const char *purge_decode(struct sea_txn *txn, const struct sea_record *record,
                         struct purge_event *ret)
{
    *ret = (struct purge_event){.kind = PURGE_OTHER};
    if (sea_record_is(record, &seadesk__v1__erasure_requested__descriptor))
        return read_asked(txn, record, ret);
    if (sea_record_is(record, &seadesk__v1__subject_resolved__descriptor))
        return read_resolved(txn, record, ret);
    if (sea_record_is(record, &seadesk__v1__erasure_done__descriptor))
        return read_answer(txn, record, ret);
    return NULL;
}

enum sea_err purge_emit_order(struct sea_txn *txn, struct sea_uuid request_id,
                              struct sea_uuid customer_id, const struct sea_key *contacts,
                              size_t count, int64_t destroyed_at_ms, const struct sea_cause *cause,
                              struct sea_uuid *ret_id)
{
    Seadesk__V1__ErasureOrdered order = SEADESK__V1__ERASURE_ORDERED__INIT;
    ProtobufCBinaryData keys[PURGE_CONTACTS_MOST];
    char key[SEA_UUID_TEXT];
    sea_assert(count <= PURGE_CONTACTS_MOST);
    for (size_t i = 0; i < count; i++)
        keys[i] = (ProtobufCBinaryData){sizeof(contacts[i].bytes),
                                        (uint8_t *)(uintptr_t)contacts[i].bytes};
    order.request_id = (ProtobufCBinaryData){sizeof(request_id.bytes), request_id.bytes};
    order.customer_id = (ProtobufCBinaryData){sizeof(customer_id.bytes), customer_id.bytes};
    order.contact_keys = keys;
    order.n_contact_keys = count;
    order.keys_destroyed_at_ms = destroyed_at_ms;
    sea_uuid_print(customer_id, key);
    return sea_txn_emit(txn, SEA_NUMBER_PRIVACY, SEA_TOPIC_PRIVACY, sea_str(key), &order.base,
                        cause, "erasure-ordered", 0, ret_id);
}
