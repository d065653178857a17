/* ingest_edge.h: the service's state: settings, secrets made ready, intakes; shared by its HTTP
 * routes and its topic. */
#ifndef INGEST_EDGE_H
#define INGEST_EDGE_H

#include "ingest_adapter.h"
#include "ingest_courier.h"
#include "ingest_intake.h"
#include "ingest_parts.h"
#include "ingest_rate.h"
#include "ingest_scope.h"
#include "sea_app.h"
#include "sea_http_client.h"
#include "sea_http_server.h"
#include "sea_settings.h"
#include "sea_typing.h"

struct ingest_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "ingest_config.def"
#undef SEA_SETTING
};

enum { INGEST_VISITOR_RATES = 4096, INGEST_MAIL_MEMORY_MAX = 128 * 1024 * 1024 };

struct ingest_edge {
    struct ingest_config own;
    const struct sea_config *config;
    struct sea_app *app;
    struct sea_settings *settings;
    struct ingest_keys *account_keys;                       /* as settings->channels.accounts */
    struct ingest_keys *source_keys;                        /* as settings->channels.sources */
    struct ingest_rate *source_rates;                       /* likewise */
    struct ingest_rate visitor_rates[INGEST_VISITOR_RATES]; /* by contact key; a few share one */
    struct sea_typing typing;                               /* of visitors, by contact key */
    struct sea_pepper pepper;
    struct sea_days *days;
    struct ingest_intakes *intakes;
    struct ingest_topic *topic;
    struct ingest_rejects *rejects;
    struct ingest_courier *courier;
    struct sea_http_client *client;  /* what providers want visited */
    struct ingest_lmtp_server *lmtp; /* NULL: none is served */
    struct sea_thread *reader;
    struct ingest_lmtp_budget mail; /* memory of e-mail in work */
    size_t readings;                /* of requests, which hold on to the configuration */
    bool wants_reload;              /* once there is none */
    struct ingest_parts *parts;
    struct ingest_waiter *waiters; /* requests with parts (ingest_http_parts.c) */
    size_t waiters_count;
    bool is_passing_on; /* a message whose parts didn't all come */
    int key_looks;      /* at the start */
    bool is_listening;
};

/* Reads the configuration folder; on a mistake what was loaded stays. */
SEA_MUST_CHECK enum sea_err ingest_edge_load(struct ingest_edge *edge,
                                             const struct sea_config *config);
void ingest_edge_unload(struct ingest_edge *edge);

/* Takes the configuration anew, or once no request is being read by it. */
void ingest_edge_reload(struct ingest_edge *edge);
/* A request that was being read isn't any more. */
void ingest_edge_read(struct ingest_edge *edge);

/* What this publisher may say here; NULL: whoever the broker lets in. */
struct ingest_scope ingest_edge_scope(const struct ingest_edge *edge,
                                      const struct sea_source *publisher);

/* Whether the account's market keeps its data in this region; false, with 421 wrong-region. */
bool ingest_edge_is_here(const struct ingest_edge *edge, const struct sea_account *account,
                         struct ingest_problem *problem);
/* What came for a registered but disabled account: kept, sealed, for whoever enables it. */
void ingest_edge_quarantine(struct ingest_items *items, const struct sea_account *account,
                            struct sea_str value);

/* Whose customer a message comes from. */
const struct sea_market *ingest_edge_market(const struct ingest_edge *edge,
                                            const struct sea_account *account,
                                            const struct ingest_item *item);

/* Counts messages by market, parts once they are together, those that no person wrote by what
 * told it, and those of customers of other regions; those of a market where the channel is closed
 * become dead letters. */
void ingest_edge_sort(const struct ingest_edge *edge, const struct ingest_items *items,
                      const struct sea_account *account);

/* What the market wants before words of that channel are kept. */
enum sea_consent_rule ingest_edge_recording(const struct sea_market *market,
                                            struct sea_str channel);

/* ingest_http.c */
SEA_MUST_CHECK enum sea_err ingest_http_open(struct ingest_edge *edge);

/* Passes on messages whose parts didn't all come; to be called now and then (ingest_http_parts.c).
 */
void ingest_http_parts_look(struct ingest_edge *edge);

/* ingest_topic.c: seadesk.business, read with Kafka's own offsets. */
struct ingest_topic;
SEA_MUST_CHECK enum sea_err ingest_topic_open(struct ingest_topic **ret, struct ingest_edge *edge);
/* Polls although nothing woke it: who doesn't poll for minutes is put out of the group. */
void ingest_topic_look(struct ingest_topic *topic);
void ingest_topic_close(struct ingest_topic **topic);

#endif
