/* sea_template.c: picks the language of a template, splits and renders it. */
#include "sea_template.h"

#include <string.h>

#include "sea_language.h"

const struct sea_template *sea_template_by_id(const struct sea_templates *templates,
                                              struct sea_str id)
{
    for (uint32_t i = 0; i < templates->count; i++)
        if (sea_str_is(id, templates->items[i].id)) return &templates->items[i];
    return NULL;
}

/* The best text for exactly this reader; NULL: none that the reader reads. */
static const struct sea_template_text *find(const struct sea_template_text *texts, uint32_t count,
                                            struct sea_str language)
{
    const struct sea_template_text *best = NULL;
    uint32_t best_fit = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fit = sea_language_fit(sea_str(texts[i].language), language);
        if (fit <= best_fit) continue;
        best = &texts[i];
        best_fit = fit;
    }
    return best;
}

static const struct sea_template_text *pick(const struct sea_template_text *texts, uint32_t count,
                                            struct sea_str language,
                                            const struct sea_market *market)
{
    const struct sea_template_text *text = find(texts, count, language);
    for (uint32_t i = 0; !text && i < market->languages.count; i++)
        text = find(texts, count, sea_str(market->languages.items[i]));
    return text ? text : find(texts, count, SEA_STR("en"));
}

const struct sea_template_text *sea_template_text(const struct sea_template *template,
                                                  struct sea_str language,
                                                  const struct sea_market *market)
{
    const struct sea_template_text *text =
        pick(template->texts, template->text_count, language, market);
    sea_assert(text);
    return text;
}

const char *sea_template_phrase(const struct sea_templates *templates, struct sea_str code,
                                struct sea_str language, const struct sea_market *market)
{
    for (uint32_t i = 0; i < templates->phrase_count; i++) {
        const struct sea_phrase *phrase = &templates->phrases[i];
        if (!sea_str_is(code, phrase->code)) continue;
        return pick(phrase->texts, phrase->text_count, language, market)->text;
    }
    return NULL;
}

bool sea_template_next(const char **at, struct sea_str *ret, bool *ret_is_variable,
                       bool *ret_is_bad)
{
    const char *from = *at;
    *ret_is_bad = false;
    *ret_is_variable = false;
    if (!*from) return false;
    if ((from[0] == '{' || from[0] == '}') && from[1] == from[0]) {
        *ret = (struct sea_str){from, 1};
        *at = from + 2;
        return true;
    }
    if (*from == '{') {
        size_t len = strcspn(from + 1, "{}");
        *ret_is_bad = from[1 + len] != '}' || len == 0;
        *ret_is_variable = true;
        *ret = (struct sea_str){from + 1, len};
        *at = from + 2 + len;
        return !*ret_is_bad;
    }
    *ret_is_bad = *from == '}';
    *ret = (struct sea_str){from, strcspn(from, "{}")};
    *at = from + ret->len;
    return !*ret_is_bad;
}

bool sea_template_render(const char *text, const struct sea_variable *variables, uint32_t count,
                         struct sea_buf *out)
{
    struct sea_str piece;
    bool is_variable, is_bad;
    while (sea_template_next(&text, &piece, &is_variable, &is_bad)) {
        uint32_t i = 0;
        if (is_variable) {
            while (i < count && !sea_str_is(piece, variables[i].name)) i++;
            if (i == count || variables[i].value.len == 0) return false;
            piece = variables[i].value;
        }
        sea_buf_str(out, piece);
    }
    return !is_bad && !out->is_full;
}
