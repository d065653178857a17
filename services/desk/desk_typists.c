/* desk_typists.c: a table of contacts with the tickets found for them, and a count per second. */
#include "desk_typists.h"

#include "sea_id.h"

enum { SECOND_MS = 1000, FOUND_MS = 10000, NONE_MS = 2000 };

static struct desk_typist *place_of(struct desk_typists *typists, struct sea_key contact)
{
    return &typists->places[sea_spread(contact.bytes) % DESK_TYPISTS_PLACES];
}

enum desk_typist_step desk_typists_hear(struct desk_typists *typists, struct sea_key contact,
                                        int64_t mono_ms, struct sea_uuid *ret_ticket_id)
{
    const struct desk_typist *typist = place_of(typists, contact);
    if (typists->second != mono_ms / SECOND_MS) typists->told = 0;
    typists->second = mono_ms / SECOND_MS;
    if (typists->told == DESK_TYPISTS_PER_S) return DESK_TYPIST_DROP;
    typists->told++;
    if (mono_ms >= typist->until_ms || !sea_key_eq(typist->contact, contact))
        return DESK_TYPIST_FIND;
    if (sea_uuid_is_nil(typist->ticket_id)) return DESK_TYPIST_PASS;
    *ret_ticket_id = typist->ticket_id;
    return DESK_TYPIST_TELL;
}

void desk_typists_learn(struct desk_typists *typists, struct sea_key contact,
                        struct sea_uuid ticket_id, int64_t mono_ms)
{
    int64_t keep_ms = sea_uuid_is_nil(ticket_id) ? NONE_MS : FOUND_MS;
    *place_of(typists, contact) = (struct desk_typist){contact, ticket_id, mono_ms + keep_ms};
}
