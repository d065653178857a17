/* xlate_core.c: words from a template or a person, checked, in the reader's language. */
#include "xlate_core.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sea_enc.h"
#include "sea_language.h"

enum { WORDS_MAX = 64 * 1024, PAUSE_FIRST_MS = 5000, PAUSE_MOST_MS = 10 * 60 * 1000 };

void xlate_verdict_init(struct xlate_verdict *verdict)
{
    *verdict = (struct xlate_verdict){.reason = "", .rule = "", .words = SEA_BUF(WORDS_MAX)};
    for (size_t i = 0; i < SEA_COUNT(verdict->values); i++)
        verdict->values[i] = (struct sea_buf)SEA_BUF(XLATE_VALUE_MAX);
}

static void wipe(struct sea_buf *buf)
{
    if (buf->ptr != NULL) sodium_memzero(buf->ptr, buf->cap);
    sea_buf_free(buf);
}

void xlate_verdict_free(struct xlate_verdict *verdict)
{
    wipe(&verdict->words);
    for (size_t i = 0; i < SEA_COUNT(verdict->values); i++) wipe(&verdict->values[i]);
}

static void block(struct xlate_verdict *verdict, const char *reason, const char *rule,
                  uint32_t from, uint32_t to)
{
    verdict->state = XLATE_BLOCKED;
    verdict->reason = reason;
    verdict->rule = rule;
    verdict->from = from;
    verdict->to = to;
}

void xlate_core_date(const struct sea_market *market, const struct sea_zone *zone, int64_t at_ms,
                     struct sea_buf *out)
{
    int64_t local_ms = sea_zone_local_ms(zone, at_ms);
    int32_t year = 0;
    uint32_t month = 0, day = 0;
    sea_day_date((int32_t)(local_ms / (24 * 60 * 60 * 1000)), &year, &month, &day);
    for (const char *at = market->date_format; *at != '\0';) {
        if (strncmp(at, "YYYY", 4) == 0) {
            sea_buf_printf(out, "%04d", (int)year);
            at += 4;
        } else if (strncmp(at, "MM", 2) == 0) {
            sea_buf_printf(out, "%02u", month);
            at += 2;
        } else if (strncmp(at, "DD", 2) == 0) {
            sea_buf_printf(out, "%02u", day);
            at += 2;
        } else {
            sea_buf_char(out, *at++);
        }
    }
}

static bool is_time(const char *name)
{
    size_t len = strlen(name);
    return strcmp(name, "at") == 0 || (len > 3 && strcmp(name + len - 3, "_at") == 0);
}

/* Codes become words, times dates; everything else is told as it came. */
static void write_value(const struct xlate_draft *draft, const struct sea_variable *variable,
                        struct sea_str language, struct sea_buf *out)
{
    int64_t at_ms = 0;
    const char *phrase =
        sea_template_phrase(draft->templates, variable->value, language, draft->market);
    if (phrase != NULL)
        sea_buf_text(out, phrase);
    else if (is_time(variable->name) && sea_time_parse(variable->value, &at_ms))
        xlate_core_date(draft->market, draft->zone, at_ms, out);
    else
        sea_buf_str(out, variable->value);
}

static bool render(const struct xlate_draft *draft, const char *text, struct xlate_verdict *verdict)
{
    struct sea_variable values[SEA_TEMPLATE_VARIABLES_MAX];
    for (uint32_t i = 0; i < draft->variables_count; i++) {
        if (verdict->values[i].is_full) return false;
        values[i] =
            (struct sea_variable){draft->variables[i].name, sea_buf_view(&verdict->values[i])};
    }
    sea_buf_reset(&verdict->words);
    return sea_template_render(text, values, draft->variables_count, &verdict->words);
}

/* Whether the words break a rule. The span is one of the words as written: where they were
 * translated since, all of them. */
static bool is_forbidden(const struct xlate_draft *draft, struct xlate_verdict *verdict,
                         bool is_translated, size_t written_len)
{
    struct sea_word_hit hit;
    if (!sea_words_find(draft->market, sea_buf_view(&verdict->words), verdict->language, &hit))
        return false;
    if (is_translated)
        block(verdict, "forbidden_word", hit.rule->id, 0, (uint32_t)written_len);
    else
        block(verdict, "forbidden_word", hit.rule->id, hit.from, hit.to);
    return true;
}

/* The words as written stand in verdict->words. `as_they_are`: the state of those that need no
 * translation. */
static void translate(const struct xlate_draft *draft, const struct xlate_answer *answer,
                      struct sea_str source, enum xlate_state as_they_are,
                      struct xlate_verdict *verdict)
{
    size_t written_len = verdict->words.len;
    bool is_template = as_they_are == XLATE_RENDERED;
    verdict->state = as_they_are;
    if (draft->is_internal) return;
    if (is_forbidden(draft, verdict, false, written_len)) return;
    if (draft->wanted.len == 0 || sea_language_fit(verdict->language, draft->wanted) > 0) return;
    if (answer == NULL) {
        verdict->state = XLATE_WAITING;
        verdict->ask = source;
        verdict->ask_language = verdict->language;
        return;
    }
    verdict->state = XLATE_UNTRANSLATED;
    verdict->reason = answer->reason != NULL ? answer->reason : "";
    if (!answer->is_good) return;

    struct sea_buf written = verdict->words;
    verdict->words = (struct sea_buf)SEA_BUF(WORDS_MAX);
    char *text = sea_str_dup(answer->text);
    bool is_whole = true;
    if (is_template)
        is_whole = render(draft, text, verdict);
    else
        sea_buf_str(&verdict->words, answer->text);
    is_whole = is_whole && !verdict->words.is_full && verdict->words.len > 0;
    free(text);
    wipe(is_whole ? &written : &verdict->words);
    if (!is_whole) {
        verdict->words = written;
        verdict->reason = "garbled";
        return;
    }
    verdict->state = XLATE_TRANSLATED;
    verdict->reason = "";
    verdict->language = draft->wanted;
    (void)is_forbidden(draft, verdict, true, written_len);
}

static void decide_template(const struct xlate_draft *draft, const struct xlate_answer *answer,
                            struct xlate_verdict *verdict)
{
    const struct sea_template *template = sea_template_by_id(draft->templates, draft->template_id);
    if (template == NULL) {
        block(verdict, "template_unknown", "template", 0, 0);
        return;
    }
    const struct sea_template_text *text =
        sea_template_text(template, draft->wanted, draft->market);
    verdict->language = sea_str(text->language);
    verdict->template_language = verdict->language;
    verdict->template_version = template->version;
    for (uint32_t i = 0; i < draft->variables_count; i++)
        write_value(draft, &draft->variables[i], verdict->language, &verdict->values[i]);
    if (!render(draft, text->text, verdict)) { /* NT-13: fails closed */
        block(verdict, "template_variable", "template", 0, 0);
        return;
    }
    translate(draft, answer, sea_str(text->text), XLATE_RENDERED, verdict);
}

void xlate_core_draft(const struct xlate_draft *draft, const struct xlate_answer *answer,
                      struct xlate_verdict *verdict)
{
    sea_assert(draft->variables_count <= SEA_TEMPLATE_VARIABLES_MAX);
    if (draft->template_id.len > 0) {
        decide_template(draft, answer, verdict);
        return;
    }
    verdict->language = draft->language;
    verdict->state = XLATE_AS_WRITTEN;
    sea_buf_str(&verdict->words, draft->text);
    if (verdict->words.is_full || draft->text.len == 0)
        block(verdict, draft->text.len == 0 ? "empty" : "too_long", "length", 0,
              (uint32_t)draft->text.len);
    else
        translate(draft, answer, draft->text, XLATE_AS_WRITTEN, verdict);
}

int64_t xlate_core_pause_ms(uint32_t tries)
{
    int64_t pause_ms = PAUSE_FIRST_MS;
    for (uint32_t i = 1; i < tries && pause_ms < PAUSE_MOST_MS; i++) pause_ms *= 4;
    return pause_ms < PAUSE_MOST_MS ? pause_ms : PAUSE_MOST_MS;
}
