/* ingest_scope.h: what a publisher may say, and which markets' data this region keeps. Pure. */
#ifndef INGEST_SCOPE_H
#define INGEST_SCOPE_H

#include "ingest_item.h"
#include "sea_channels.h"
#include "sea_market.h"

struct ingest_scope {
    const struct sea_source *publisher; /* NULL: nobody's scope is asked */
    const struct sea_markets *markets;  /* NULL: neither scope nor region is asked */
    const char *region;                 /* where this stack stands; "": it takes every market's */
};

/* Whether the publisher may send this event at all; else 403 source-not-allowed. */
bool ingest_scope_event(const struct ingest_scope *scope, struct sea_str source,
                        struct sea_str type, struct ingest_problem *problem);

/* What an event says of where its customer belongs. */
struct ingest_whence {
    struct sea_str code; /* of the market, as the publisher says; may be empty */
    struct sea_contact_facts facts;
    const char *field; /* JSON pointer to the code */
};

/* Whether the data may be kept here (else 421 wrong-region; the problem's reason is the region they
 * belong to) and the publisher may speak for that market. An unknown code counts as absent. Of whom
 * nothing is known every region may keep data, but a publisher bound to markets must say one. */
bool ingest_scope_market(const struct ingest_scope *scope, const struct ingest_whence *whence,
                         struct ingest_problem *problem);

#endif
