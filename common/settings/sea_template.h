/* sea_template.h: templates/: texts with {variables} in several languages, and phrases for codes.
 * Pure; immutable and owned by the settings they came from. `{{` and `}}` stand for the braces
 * themselves. */
#ifndef SEA_TEMPLATE_H
#define SEA_TEMPLATE_H

#include "sea_base.h"
#include "sea_buf.h"
#include "sea_market.h"

enum { SEA_TEMPLATE_VARIABLES_MAX = 12, SEA_TEMPLATE_TEXT_MAX = 4000 };

struct sea_template_text {
    const char *language; /* BCP 47 */
    const char *text;
};

struct sea_template {
    const char *id; /* the file's name: dispatched, customs_held … */
    uint32_t version;
    enum sea_message_class class;
    bool is_urgent;             /* passes quiet hours, and is counted */
    const char *whatsapp;       /* the name under which Meta approved it; parameters in the order of
                                   `variables` */
    struct sea_texts variables; /* all of them stand in every text */
    const struct sea_template_text *texts;
    uint32_t text_count;
};

/* A code such as a customs reason in people's words. */
struct sea_phrase {
    const char *code;
    const struct sea_template_text *texts;
    uint32_t text_count;
};

struct sea_templates {
    const struct sea_template *items;
    uint32_t count;
    const struct sea_phrase *phrases;
    uint32_t phrase_count;
};

struct sea_variable {
    const char *name;
    struct sea_str value;
};

const struct sea_template *sea_template_by_id(const struct sea_templates *templates,
                                              struct sea_str id);

/* The text for a reader of `language`: that very one; its language without the region; the same
 * language of another region; else what the market's own languages give in the same way; else
 * English. Never NULL: every template has `en`. */
const struct sea_template_text *sea_template_text(const struct sea_template *template,
                                                  struct sea_str language,
                                                  const struct sea_market *market);

/* A code's words in that language, found likewise. NULL: no such code. */
const char *sea_template_phrase(const struct sea_templates *templates, struct sea_str code,
                                struct sea_str language, const struct sea_market *market);

/* Appends the text with its variables. False, and nothing is promised of `out`: a variable is
 * missing or empty (NT-13), or it doesn't fit. */
SEA_MUST_CHECK bool sea_template_render(const char *text, const struct sea_variable *variables,
                                        uint32_t count, struct sea_buf *out);

/* Splits a text: the next piece at *at, which is moved on: literal text, or a variable's name.
 * False: at the end, or
 * (*ret_is_bad) a brace without its partner. */
bool sea_template_next(const char **at, struct sea_str *ret, bool *ret_is_variable,
                       bool *ret_is_bad);

#endif
