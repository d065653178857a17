/* notify_air.h: the requests to providers that this process has in the air, from the transaction
 * that recorded the attempt to the one that records the answer. In memory: what a crash takes is
 * settled as uncertain from the rows. */
#ifndef NOTIFY_AIR_H
#define NOTIFY_AIR_H

#include "notify_model.h"
#include "notify_provider.h"
#include "sea_http_client.h"

enum notify_stage {
    NOTIFY_BUILT,     /* its transaction isn't committed */
    NOTIFY_COMMITTED, /* may be written now */
    NOTIFY_FLYING,    /* may have been written */
    NOTIFY_LANDED,    /* `answer`, or `unsent`, is to be recorded */
};

struct notify_air;

enum { NOTIFY_MARKET_TEXT = 32 };

struct notify_flight {
    struct notify_flight *next;
    struct notify_air *air;
    struct sea_uuid id;                /* of the delivery */
    uint32_t number, tries, sms_parts; /* parts: 0 unless it is an SMS */
    char market[NOTIFY_MARKET_TEXT];
    struct sea_key contact;
    enum notify_stage stage;
    struct notify_case about; /* for the last look at consent; its market and zones are NULL */
    const char *peer;
    struct notify_call call;
    int64_t committed_boot_ms, landed_mono_ms;
    struct notify_answer answer;
    const char *unsent; /* why it was never written; NULL: it was */
    bool is_unsent_final;
};

struct notify_air {
    struct sea_http_client *client;
    struct notify_flight *first, *last;
    size_t count, cap;
    uint32_t timeout_ms;
    void (*on_landed)(void *ctx); /* some flight landed */
    void *ctx;
};

SEA_MUST_CHECK enum sea_err notify_air_open(struct notify_air *air, struct event_base *base,
                                            size_t cap, uint32_t timeout_ms);
void notify_air_close(struct notify_air *air); /* drops what is in the air */

bool notify_air_has_room(const struct notify_air *air);
bool notify_air_has(const struct notify_air *air, struct sea_uuid id);

/* A flight in its first stage, zeroed but for its air; the caller fills it in. */
struct notify_flight *notify_air_add(struct notify_air *air);
void notify_air_remove(struct notify_flight *flight);

/* The transaction of those that were built is committed, or rolled back. */
void notify_air_committed(struct notify_air *air);
void notify_air_rolled_back(struct notify_air *air);

/* Writes the request; it lands later, or at once when there is no room. */
void notify_air_send(struct notify_flight *flight);
/* It is not to be written. */
void notify_air_keep(struct notify_flight *flight, const char *reason, bool is_final);

size_t notify_air_count(const struct notify_air *air, enum notify_stage stage);

#endif
