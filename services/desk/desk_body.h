/* desk_body.h: bodies of requests as plain data, or what is wrong with them. Pure.
 *
 * Every call reads a JSON object; unknown members are ignored, null counts as absent (contract.md).
 * Texts live in `arena`. False: *ret is not to be used and *ret_problem says why; its texts are
 * constant. */
#ifndef DESK_BODY_H
#define DESK_BODY_H

#include "sea_arena.h"
#include "sea_base.h"
#include "sea_problem.h"

enum {
    DESK_TEXT_MAX_BYTES = 16384, /* of a reply or a note */
    DESK_SHORT_MAX_BYTES = 200,  /* of names, tags, keys */
    DESK_PASSWORD_MAX_BYTES = 1024,
    DESK_PROOF_MAX_BYTES = 500,
    DESK_LIMITS_MAX = 16, /* channels of one presence */
    DESK_WEIGHT_MAX = 1000,
};

enum desk_verb {
    DESK_TAKE,
    DESK_REPLY,
    DESK_NOTE,
    DESK_RESOLVE,
    DESK_TRANSFER,
    DESK_SNOOZE,
    DESK_VIDEO,
    DESK_PRESENCE,
    DESK_VERBS
};
extern const char *const DESK_VERB_NAMES[DESK_VERBS];

struct desk_limit {
    struct sea_str channel;
    uint32_t limit;
};

/* "phone=1,chat=3", as router keeps them; what is malformed is passed over. Returns how many;
 * channels point into `text`. */
size_t desk_limits_parse(struct sea_str text, struct desk_limit ret[DESK_LIMITS_MAX]);

struct desk_command {
    enum desk_verb verb;
    uint64_t expected_version;                             /* 0: absent */
    struct sea_str text, language, channel;                /* reply; note: text alone */
    struct sea_str issue, emotion, product_version, stage; /* resolve */
    struct sea_str to;                                     /* transfer */
    int64_t until_ms;                                      /* snooze; video: when it is */
    struct sea_str state;                                  /* presence: online, away, offline */
    bool has_capacity;
    uint32_t weight;
    struct desk_limit limits[DESK_LIMITS_MAX];
    size_t limits_count;
};

/* `if_match` is that header's value, which stands in for a missing expected_version. An empty body
 * is an empty object. */
SEA_MUST_CHECK bool desk_body_command(enum desk_verb verb, struct sea_str body,
                                      struct sea_str if_match, struct sea_arena *arena,
                                      struct desk_command *ret, struct sea_problem *ret_problem);

struct desk_signin {
    struct sea_str user, password;
};
SEA_MUST_CHECK bool desk_body_signin(struct sea_str body, struct sea_arena *arena,
                                     struct desk_signin *ret, struct sea_problem *ret_problem);

struct desk_consent {
    struct sea_str channel, proof;
    int class; /* seadesk.v1.ConsentClass */
    bool is_granted;
};
SEA_MUST_CHECK bool desk_body_consent(struct sea_str body, struct sea_arena *arena,
                                      struct desk_consent *ret, struct sea_problem *ret_problem);

struct desk_privacy {
    struct sea_uuid customer_id;
    struct sea_str kind; /* erase export */
};
SEA_MUST_CHECK bool desk_body_privacy(struct sea_str body, struct sea_arena *arena,
                                      struct desk_privacy *ret, struct sea_problem *ret_problem);

#endif
