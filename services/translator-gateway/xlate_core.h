/* xlate_core.h: may these words go, in that language: what becomes of a draft and of a foreign
 * message. Pure. */
#ifndef XLATE_CORE_H
#define XLATE_CORE_H

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_market.h"
#include "sea_template.h"
#include "sea_words.h"

enum { XLATE_TRIES_MAX = 6, XLATE_VALUE_MAX = 2000 };

/* Kept in the table; never renumber. */
enum xlate_state {
    XLATE_WAITING = 1,    /* for the engine, or for what is before it under its key */
    XLATE_AS_WRITTEN = 2, /* passed in the words of its writer */
    XLATE_RENDERED = 3,   /* from a template in the reader's language */
    XLATE_TRANSLATED = 4,
    XLATE_UNTRANSLATED = 5, /* the engine couldn't: passed as it is, and marked */
    XLATE_BLOCKED = 6,
    XLATE_AGAIN = 7,   /* a foreign message told as failed, to be tried again */
    XLATE_FAILED = 8,  /* the same, for good */
    XLATE_DROPPED = 9, /* of an erased person */
};

/* What a draft is made of, in clear; texts are borrowed. */
struct xlate_draft {
    const struct sea_market *market;
    const struct sea_zone *zone;
    const struct sea_templates *templates;
    bool is_internal;              /* to staff: neither checked nor translated */
    struct sea_str wanted;         /* language; empty: not known */
    struct sea_str template_id;    /* empty: an agent's or bot's own words */
    struct sea_str text, language; /* of own words */
    struct sea_variable variables[SEA_TEMPLATE_VARIABLES_MAX];
    uint32_t variables_count;
};

/* What an engine or the memory said to a question. */
struct xlate_answer {
    bool is_good;
    struct sea_str text;
    const char *reason; /* of no good one, of a bounded set */
};

struct xlate_verdict {
    enum xlate_state state;
    const char *reason;               /* of BLOCKED and UNTRANSLATED, of a bounded set; else "" */
    const char *rule;                 /* of BLOCKED: its id; else "" */
    uint32_t from, to;                /* of BLOCKED: bytes of the words as written */
    struct sea_str language;          /* of `words` */
    struct sea_str template_language; /* of the template's text; empty: no template */
    uint32_t template_version;
    struct sea_buf words;             /* what may go */
    struct sea_str ask, ask_language; /* of WAITING: what is to be translated, and its language */
    struct sea_buf
        values[SEA_TEMPLATE_VARIABLES_MAX]; /* the variables as they stand in the words */
};

void xlate_verdict_init(struct xlate_verdict *verdict);
void xlate_verdict_free(struct xlate_verdict *verdict); /* overwrites the words */

/* Decides a draft. `answer` is NULL at the first look: WAITING then says what to ask. Otherwise it
 * is the answer to what was asked at the first look. */
void xlate_core_draft(const struct xlate_draft *draft, const struct xlate_answer *answer,
                      struct xlate_verdict *verdict);

/* How long a foreign message waits before try number `tries` + 1. */
int64_t xlate_core_pause_ms(uint32_t tries);

/* `at_ms` as a date in the market's manner, in that zone. */
void xlate_core_date(const struct sea_market *market, const struct sea_zone *zone, int64_t at_ms,
                     struct sea_buf *out);

#endif
