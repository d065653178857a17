/* ingest_menu.c: a dialogue by dial string, played through from its start. */
#include "ingest_menu.h"

#include <string.h>

#include <unicode/utf8.h>

#include "sea_segment.h"

enum { CONTENT_MAX = 8192 };

static const char MORE[] = "98", BACK[] = "0";

struct way {
    uint32_t step;
    struct sea_str input;
};

/* A dialogue in progress; `ways` are the steps behind the caller, each at most once. */
struct dialogue {
    const struct sea_menu *menu;
    struct sea_str reference;
    uint32_t step, page;
    bool is_wrong; /* the last input was no answer */
    struct way ways[SEA_MENU_STEPS_MAX];
    uint32_t ways_count;
    struct sea_buf content, words; /* of the page being made */
};

static const struct sea_menu_step *step_of(const struct dialogue *dialogue)
{
    return &dialogue->menu->steps[dialogue->step];
}

/* The choice that an input is; NULL: none. */
static const struct sea_menu_choice *choice_of(const struct sea_menu_step *step,
                                               struct sea_str input)
{
    uint64_t number;
    bool is_number = step->kind == SEA_MENU_CHOOSE && input.len <= 2 && sea_str_u64(input, &number);
    return is_number && number >= 1 && number <= step->choice_count ? &step->choices[number - 1]
                                                                    : NULL;
}

static struct sea_str language_of(const struct dialogue *dialogue)
{
    const char *language = dialogue->menu->language;
    for (uint32_t i = 0; i < dialogue->ways_count; i++) {
        const struct way *way = &dialogue->ways[i];
        const struct sea_menu_choice *choice =
            choice_of(&dialogue->menu->steps[way->step], way->input);
        if (choice && choice->language) language = choice->language;
    }
    return sea_str(language);
}

/* A page before this one, or a step; what an end asks for isn't taken back. */
static bool can_go_back(const struct dialogue *dialogue)
{
    bool is_end = step_of(dialogue)->kind == SEA_MENU_END;
    return dialogue->page > 0 || (dialogue->ways_count > 0 && !is_end);
}

/* ---- pages ---- */

/* What stands in the step before it is cut into pages. */
static void write_content(struct dialogue *dialogue)
{
    const struct sea_menu *menu = dialogue->menu;
    const struct sea_menu_step *step = step_of(dialogue);
    const struct sea_variable variables[] = {{"reference", dialogue->reference}};
    struct sea_str language = language_of(dialogue);
    struct sea_buf *out = &dialogue->content;
    sea_buf_reset(out);
    if (dialogue->is_wrong) {
        sea_buf_text(out, sea_menu_text(&menu->wrong, language));
        sea_buf_char(out, '\n');
    }
    if (!sea_template_render(sea_menu_text(&step->say, language), variables, SEA_COUNT(variables),
                             out))
        return; /* longer than a step may be: is_full */
    for (uint32_t i = 0; i < step->choice_count; i++)
        sea_buf_printf(out, "\n%u %s", i + 1, sea_menu_text(&step->choices[i].say, language));
}

/* What stands below the content of a page: how to go back and on. */
static struct sea_str write_words(struct dialogue *dialogue, bool has_back, bool has_more)
{
    const struct sea_menu *menu = dialogue->menu;
    struct sea_str language = language_of(dialogue);
    sea_buf_reset(&dialogue->words);
    if (has_back) sea_buf_printf(&dialogue->words, "\n%s", sea_menu_text(&menu->back, language));
    if (has_more) sea_buf_printf(&dialogue->words, "\n%s", sea_menu_text(&menu->more, language));
    return sea_buf_view(&dialogue->words);
}

static uint32_t units_of(int32_t c, bool is_gsm)
{
    return is_gsm ? sea_segment_septets(c) : c > 0xffff ? 2 : 1;
}

static uint32_t text_units(struct sea_str text, bool is_gsm)
{
    uint32_t units = 0;
    for (int32_t at = 0, end = (int32_t)text.len; at < end;) {
        UChar32 c = 0;
        U8_NEXT_OR_FFFD((const uint8_t *)text.ptr, at, end, c);
        units += units_of(c, is_gsm);
    }
    return units;
}

/* How much of `text` a page takes: all of it, else whole lines, else whole words, else characters;
 * at least one. */
static size_t fit(struct sea_str text, uint32_t units, bool is_gsm)
{
    size_t line = 0, word = 0, last = 0;
    uint32_t used = 0;
    for (int32_t at = 0, end = (int32_t)text.len; at < end;) {
        UChar32 c = 0;
        int32_t before = at;
        U8_NEXT_OR_FFFD((const uint8_t *)text.ptr, at, end, c);
        if (c == '\n') line = (size_t)before;
        if (c == ' ') word = (size_t)before;
        used += units_of(c, is_gsm);
        if (used > units) return line ? line : word ? word : last ? last : (size_t)at;
        last = (size_t)at;
    }
    return text.len;
}

static bool is_gsm(const struct dialogue *dialogue, struct sea_str words)
{
    return sea_segments_of(sea_buf_view(&dialogue->content)).is_gsm &&
           sea_segments_of(words).is_gsm;
}

/* The caller's page and whether more follows. */
static struct sea_str page_of(struct dialogue *dialogue, bool *ret_has_more)
{
    write_content(dialogue);
    struct sea_str rest = sea_buf_view(&dialogue->content), page = {NULL, 0};
    struct sea_str words = write_words(dialogue, true, true);
    bool gsm = is_gsm(dialogue, words);
    uint32_t most = gsm ? INGEST_MENU_GSM_UNITS : INGEST_MENU_UCS2_UNITS;
    uint32_t turning = text_units(words, gsm); /* room for both, so that every page ends alike */
    uint32_t staying = text_units(write_words(dialogue, can_go_back(dialogue), false), gsm);
    for (uint32_t i = 0; i <= dialogue->page && (i == 0 || rest.len); i++) {
        bool is_all = text_units(rest, gsm) + staying <= most;
        page = (struct sea_str){rest.ptr, is_all ? rest.len : fit(rest, most - turning, gsm)};
        rest = (struct sea_str){rest.ptr + page.len, rest.len - page.len};
        if (rest.len && (*rest.ptr == '\n' || *rest.ptr == ' ')) rest.ptr++, rest.len--;
    }
    *ret_has_more = rest.len > 0;
    return page;
}

/* ---- inputs ---- */

/* A step that was passed before is gone back to. */
static void go(struct dialogue *dialogue, struct sea_str input, uint32_t next)
{
    sea_assert(dialogue->ways_count < SEA_MENU_STEPS_MAX);
    dialogue->ways[dialogue->ways_count++] = (struct way){dialogue->step, input};
    for (uint32_t i = 0; i < dialogue->ways_count; i++)
        if (dialogue->ways[i].step == next) dialogue->ways_count = i;
    dialogue->step = next;
}

static bool is_word(struct sea_str input)
{
    bool is_good = input.len > 0 && input.len <= INGEST_MENU_WORD_MAX;
    for (size_t i = 0; is_good && i < input.len; i++) {
        char c = input.ptr[i];
        is_good =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    }
    return is_good;
}

/* Pages are turned in what the caller sees, the reproach included. */
static bool turn(struct dialogue *dialogue, struct sea_str input)
{
    bool has_more = false;
    if (sea_str_is(input, MORE)) (void)page_of(dialogue, &has_more);
    bool is_back = sea_str_is(input, BACK) && dialogue->page > 0;
    if (has_more) dialogue->page++;
    if (is_back) dialogue->page--;
    return has_more || is_back;
}

static void take(struct dialogue *dialogue, struct sea_str input)
{
    const struct sea_menu_step *step = step_of(dialogue);
    const struct sea_menu_choice *choice = choice_of(step, input);
    bool is_asked = step->kind == SEA_MENU_ASK_ORDER || step->kind == SEA_MENU_ASK_CODE;
    if (turn(dialogue, input)) return;
    dialogue->is_wrong = false;
    dialogue->page = 0;
    if (sea_str_is(input, BACK) && can_go_back(dialogue))
        dialogue->step = dialogue->ways[--dialogue->ways_count].step;
    else if (choice)
        go(dialogue, input, choice->go);
    else if (is_asked && is_word(input))
        go(dialogue, input, step->go);
    else
        dialogue->is_wrong = true;
}

static void take_all(struct dialogue *dialogue, struct sea_str inputs)
{
    while (inputs.len) {
        const char *star = memchr(inputs.ptr, '*', inputs.len);
        struct sea_str input = {inputs.ptr, star ? (size_t)(star - inputs.ptr) : inputs.len};
        size_t gone = star ? input.len + 1 : input.len;
        take(dialogue, sea_str_trim(input));
        inputs = (struct sea_str){inputs.ptr + gone, inputs.len - gone};
    }
}

/* ---- what it comes to ---- */

static struct sea_str joined(struct dialogue *dialogue, struct sea_arena *arena, bool is_told)
{
    struct sea_str language = language_of(dialogue);
    struct sea_buf *out = &dialogue->content;
    sea_buf_reset(out);
    for (uint32_t i = 0; i < dialogue->ways_count; i++) {
        const struct way *way = &dialogue->ways[i];
        const struct sea_menu_choice *choice =
            choice_of(&dialogue->menu->steps[way->step], way->input);
        if (is_told && choice && choice->language) continue; /* is the message's own language */
        if (out->len) sea_buf_text(out, is_told ? " > " : "*");
        if (is_told && choice)
            sea_buf_text(out, sea_menu_text(&choice->say, language));
        else
            sea_buf_str(out, way->input);
    }
    return sea_arena_str(arena, sea_buf_view(out));
}

static struct sea_str order_of(const struct dialogue *dialogue)
{
    struct sea_str order = {NULL, 0};
    for (uint32_t i = 0; i < dialogue->ways_count; i++)
        if (dialogue->menu->steps[dialogue->ways[i].step].kind == SEA_MENU_ASK_ORDER)
            order = dialogue->ways[i].input;
    return order;
}

/* The last one that was chosen. */
static struct sea_visit visit_of(const struct dialogue *dialogue)
{
    struct sea_visit visit = {0};
    for (uint32_t i = 0; i < dialogue->ways_count; i++) {
        const struct way *way = &dialogue->ways[i];
        const struct sea_menu_choice *choice =
            choice_of(&dialogue->menu->steps[way->step], way->input);
        if (choice && (choice->visit.days || choice->visit.weekday)) visit = choice->visit;
    }
    return visit;
}

static bool tell(struct dialogue *dialogue, struct sea_arena *arena, struct ingest_menu_place *ret)
{
    bool has_more = false;
    struct sea_str page = page_of(dialogue, &has_more);
    struct sea_str words = write_words(dialogue, can_go_back(dialogue), has_more);
    const struct sea_menu_step *step = step_of(dialogue);
    char *text = sea_arena_alloc(arena, page.len + words.len + 1);
    if (!text || dialogue->content.is_full) return false;
    if (page.len) memcpy(text, page.ptr, page.len);
    if (words.len) memcpy(text + page.len, words.ptr, words.len);
    *ret = (struct ingest_menu_place){.page = {text, page.len + words.len},
                                      .is_over = step->kind == SEA_MENU_END,
                                      .act = step->act,
                                      .language = language_of(dialogue).ptr,
                                      .order = sea_arena_str(arena, order_of(dialogue))};
    if (step->kind == SEA_MENU_END && step->act == SEA_MENU_BOOKING)
        ret->visit = visit_of(dialogue);
    ret->is_last = ret->is_over && !has_more;
    if (ret->is_over)
        ret->told = joined(dialogue, arena, true);
    else
        ret->path = joined(dialogue, arena, false);
    return !dialogue->content.is_full;
}

bool ingest_menu_run(const struct sea_menu *menu, struct sea_str inputs, struct sea_str reference,
                     struct sea_arena *arena, struct ingest_menu_place *ret)
{
    struct dialogue dialogue = {.menu = menu,
                                .reference = reference,
                                .step = menu->start,
                                .content = SEA_BUF(CONTENT_MAX),
                                .words = SEA_BUF(256)};
    take_all(&dialogue, inputs);
    bool is_good = tell(&dialogue, arena, ret);
    sea_buf_free(&dialogue.content);
    sea_buf_free(&dialogue.words);
    return is_good;
}
