/* sea_load_menu.c: reads a menu of menus/: every way leads to a step, every text is in English too.
 */
#include <stdio.h>
#include <string.h>

#include "sea_segment.h"
#include "sea_settings_private.h"
#include "sea_words.h"

enum { RESUME_MAX_MS = 24 * 3600 * 1000 };

static const char *const ACTS[] = {"booking", "call_back", "order_status", "nothing"};
static const char *const ASKS[] = {"order", "code"};

const char *sea_menu_act_name(enum sea_menu_act act)
{
    sea_assert((size_t)act < SEA_COUNT(ACTS));
    return ACTS[act];
}

const char *sea_menu_text(const struct sea_menu_say *say, struct sea_str language)
{
    const char *english = "";
    for (uint32_t i = 0; i < say->count; i++) {
        if (sea_str_is(language, say->texts[i].language)) return say->texts[i].text;
        if (!strcmp(say->texts[i].language, "en")) english = say->texts[i].text;
    }
    return english;
}

static struct sea_menu_say read_say(struct sea_yaml_node node, const struct sea_texts *variables)
{
    struct sea_menu_say say = {0};
    say.texts = sea_loader_says(node, variables, &say.count);
    if (!say.texts) say.count = 0;
    return say;
}

static const struct sea_texts NO_VARIABLES = {0};

/* "more" and "back" are on every page, so they are short. */
static struct sea_menu_say read_word(struct sea_yaml_node node)
{
    struct sea_menu_say say = read_say(node, &NO_VARIABLES);
    for (uint32_t i = 0; i < say.count; i++)
        if (sea_segments_of(sea_str(say.texts[i].text)).units > SEA_MENU_WORD_MAX)
            sea_yaml_error(node, "'%s' is too long, expected at most %d characters",
                           say.texts[i].text, SEA_MENU_WORD_MAX);
    return say;
}

/* The names of all steps are known before the first is read. */
struct reading {
    const char *names[SEA_MENU_STEPS_MAX];
    struct sea_yaml_node keys[SEA_MENU_STEPS_MAX]; /* where they stand */
    bool is_reached[SEA_MENU_STEPS_MAX];
    uint32_t count;
};

static uint32_t read_go(struct reading *reading, struct sea_yaml_node node)
{
    const char *name = NULL;
    if (!sea_yaml_text(node, &name)) return 0;
    for (uint32_t i = 0; i < reading->count; i++) {
        if (strcmp(name, reading->names[i]) != 0) continue;
        reading->is_reached[i] = true;
        return i;
    }
    sea_yaml_error(node, "no step '%s', expected one of 'steps'", name);
    return 0;
}

static struct sea_visit read_visit(struct sea_yaml_node node)
{
    static const char *const DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct sea_visit visit = {0};
    struct sea_yaml_map map;
    int64_t days = 0;
    uint32_t weekday = 0;
    uint16_t minute = 0;
    if (sea_yaml_is_absent(node) || !sea_yaml_map(node, &map)) return visit;
    struct sea_yaml_node in_days = sea_yaml_get(&map, "in_days"), on = sea_yaml_get(&map, "on");
    sea_yaml_daytime(sea_yaml_need(&map, "at"), &minute);
    sea_yaml_end(&map);
    if (sea_yaml_is_absent(in_days) == sea_yaml_is_absent(on))
        sea_yaml_error(node, "expected exactly one of: in_days, on");
    else if (!sea_yaml_is_absent(in_days))
        sea_yaml_int(in_days, 1, 30, &days);
    else if (sea_yaml_choice(on, DAYS, SEA_COUNT(DAYS), &weekday))
        visit.weekday = weekday + 1;
    visit.days = (uint32_t)days;
    visit.minute = minute;
    return visit;
}

static void read_choices(struct reading *reading, struct sea_yaml_node list,
                         struct sea_menu_step *step)
{
    uint32_t count = sea_yaml_count(list);
    if (count == 0 || count > SEA_MENU_CHOICES_MAX) {
        sea_yaml_error(list, "%u choices, expected 1 to %d", count, SEA_MENU_CHOICES_MAX);
        return;
    }
    struct sea_menu_choice *choices = sea_loader_array(list, count, sizeof *choices);
    for (uint32_t i = 0; choices && i < count; i++) {
        struct sea_yaml_map map;
        if (!sea_yaml_map(sea_yaml_item(list, i), &map)) continue;
        choices[i].say = read_say(sea_yaml_need(&map, "say"), &NO_VARIABLES);
        sea_yaml_text(sea_yaml_get(&map, "language"), &choices[i].language);
        choices[i].visit = read_visit(sea_yaml_get(&map, "visit"));
        choices[i].go = read_go(reading, sea_yaml_need(&map, "go"));
        sea_yaml_end(&map);
    }
    step->choices = choices;
    step->choice_count = choices ? count : 0;
}

static void read_end(struct sea_yaml_node node, struct sea_yaml_node say,
                     struct sea_menu_step *step)
{
    static const char *const REFERENCE[] = {"reference"};
    static const struct sea_texts VARIABLES = {REFERENCE, 1};
    uint32_t act = SEA_MENU_NOTHING;
    sea_yaml_choice(node, ACTS, SEA_COUNT(ACTS), &act);
    step->kind = SEA_MENU_END;
    step->act = (enum sea_menu_act)act;
    step->say = read_say(say, act == SEA_MENU_BOOKING ? &VARIABLES : &NO_VARIABLES);
}

static void read_step(struct reading *reading, struct sea_yaml_node node,
                      struct sea_menu_step *step)
{
    struct sea_yaml_map map;
    uint32_t ask = 0;
    if (!sea_yaml_map(node, &map)) return;
    struct sea_yaml_node say = sea_yaml_need(&map, "say"), choices = sea_yaml_get(&map, "choices"),
                         asks = sea_yaml_get(&map, "ask"), go = sea_yaml_get(&map, "go"),
                         end = sea_yaml_get(&map, "end");
    sea_yaml_end(&map);
    if (!sea_yaml_is_absent(choices) + !sea_yaml_is_absent(asks) + !sea_yaml_is_absent(end) != 1 ||
        sea_yaml_is_absent(asks) != sea_yaml_is_absent(go)) {
        sea_yaml_error(node, "expected exactly one of: choices, ask with go, end");
        return;
    }
    if (!sea_yaml_is_absent(end)) {
        read_end(end, say, step);
        return;
    }
    step->say = read_say(say, &NO_VARIABLES);
    if (!sea_yaml_is_absent(choices)) {
        step->kind = SEA_MENU_CHOOSE;
        read_choices(reading, choices, step);
        return;
    }
    sea_yaml_choice(asks, ASKS, SEA_COUNT(ASKS), &ask);
    step->kind = ask == 0 ? SEA_MENU_ASK_ORDER : SEA_MENU_ASK_CODE;
    step->go = read_go(reading, go);
}

static void read_names(struct reading *reading, const struct sea_yaml_map *map)
{
    struct sea_yaml_node key;
    const char *name;
    for (uint32_t cursor = 0; sea_yaml_next(map, &cursor, &name, &key);) {
        if (reading->count == SEA_MENU_STEPS_MAX) {
            sea_yaml_error(key, "too many steps, expected at most %d", SEA_MENU_STEPS_MAX);
            return;
        }
        reading->keys[reading->count] = key;
        reading->names[reading->count++] = name;
    }
}

static void read_steps(struct sea_yaml_node node, struct sea_yaml_node start, struct sea_menu *menu)
{
    struct reading reading = {.count = 0};
    struct sea_yaml_map map;
    if (!sea_yaml_map(node, &map)) return;
    read_names(&reading, &map);
    struct sea_menu_step *steps = sea_loader_array(node, reading.count, sizeof *steps);
    menu->start = read_go(&reading, start);
    for (uint32_t i = 0; steps && i < reading.count; i++) {
        steps[i].name = reading.names[i];
        read_step(&reading, sea_yaml_get(&map, reading.names[i]), &steps[i]);
    }
    for (uint32_t i = 0; steps && i < reading.count; i++)
        if (!reading.is_reached[i])
            sea_yaml_error(reading.keys[i], "no way leads to step '%s', expected a 'go' or 'start'",
                           reading.names[i]);
    menu->steps = steps;
    menu->step_count = steps ? reading.count : 0;
}

static void read_menu(struct sea_yaml_map *file, struct sea_menu *menu)
{
    int64_t version = 1;
    const char *name = NULL;
    struct sea_yaml_map words;
    struct sea_yaml_node id = sea_yaml_need(file, "menu");
    (void)sea_yaml_get(file, "example");
    if (sea_yaml_text(id, &name) && strcmp(name, menu->id) != 0)
        sea_yaml_error(id, "'%s', expected '%s' as the file is named", name, menu->id);
    sea_yaml_int(sea_yaml_need(file, "version"), 1, 1000000, &version);
    menu->version = (uint32_t)version;
    sea_yaml_duration(sea_yaml_need(file, "resume"), 1000, RESUME_MAX_MS, &menu->resume_ms);
    sea_yaml_text(sea_yaml_need(file, "language"), &menu->language);
    if (sea_yaml_map(sea_yaml_need(file, "words"), &words)) {
        menu->more = read_word(sea_yaml_need(&words, "more"));
        menu->back = read_word(sea_yaml_need(&words, "back"));
        menu->wrong = read_say(sea_yaml_need(&words, "wrong"), &NO_VARIABLES);
        sea_yaml_end(&words);
    }
    struct sea_yaml_node start = sea_yaml_need(file, "start");
    read_steps(sea_yaml_need(file, "steps"), start, menu);
}

bool sea_menu_read(struct sea_yaml *yaml, const struct sea_yaml_errors *errors, const char *id,
                   struct sea_menu *ret)
{
    struct sea_yaml_map file;
    uint32_t before = errors->count;
    *ret = (struct sea_menu){.id = id};
    if (sea_yaml_map(sea_yaml_root(yaml), &file)) {
        read_menu(&file, ret);
        sea_yaml_end(&file);
    }
    if (ret->step_count == 0 && errors->count == before)
        sea_yaml_error(sea_yaml_root(yaml), "nothing in it, expected a menu");
    return errors->count == before;
}

const struct sea_menu *sea_loader_menu(struct sea_loader *loader, struct sea_yaml_node node)
{
    struct sea_menus *menus = &loader->settings->menus;
    struct sea_yaml *yaml = NULL;
    const char *id = NULL;
    char path[1024];
    if (!sea_loader_name(node, &id)) return NULL;
    for (uint32_t i = 0; i < menus->count; i++)
        if (!strcmp(menus->items[i]->id, id)) return menus->items[i];
    if (menus->count == SEA_MENUS_MAX) {
        sea_yaml_error(node, "too many menus, expected at most %d", SEA_MENUS_MAX);
        return NULL;
    }
    snprintf(path, sizeof path, "%s/menus/%s.yaml", loader->from->folder, id);
    struct sea_menu *menu = sea_loader_array(node, 1, sizeof *menu);
    if (!menu || !sea_yaml_open(path, &loader->settings->arena, loader->errors, &yaml)) return NULL;
    sea_examples_add(&loader->settings->examples, yaml);
    bool is_good = sea_menu_read(yaml, loader->errors, id, menu);
    sea_yaml_close(&yaml);
    if (is_good) menus->items[menus->count++] = menu;
    return is_good ? menu : NULL;
}

static bool is_allowed(struct sea_yaml_node node, const struct sea_menu *menu,
                       const struct sea_market *market, const char *where,
                       const struct sea_menu_say *say)
{
    struct sea_word_hit hit;
    for (uint32_t i = 0; i < say->count; i++) {
        const struct sea_template_text *text = &say->texts[i];
        if (!sea_words_find(market, sea_str(text->text), sea_str(text->language), &hit)) continue;
        sea_yaml_error(node, "menu %s: %s says in %s '%.*s', which market %s forbids (%s)",
                       menu->id, where, text->language, (int)(hit.to - hit.from),
                       text->text + hit.from, market->code, hit.rule->id);
        return false;
    }
    return true;
}

static bool gate_steps(struct sea_yaml_node node, const struct sea_menu *menu,
                       const struct sea_market *market)
{
    const struct sea_menu_say *words[] = {&menu->more, &menu->back, &menu->wrong};
    bool is_good = true;
    for (size_t i = 0; is_good && i < SEA_COUNT(words); i++)
        is_good = is_allowed(node, menu, market, "words", words[i]);
    for (uint32_t i = 0; is_good && i < menu->step_count; i++) {
        const struct sea_menu_step *step = &menu->steps[i];
        is_good = is_allowed(node, menu, market, step->name, &step->say);
        for (uint32_t c = 0; is_good && c < step->choice_count; c++)
            is_good = is_allowed(node, menu, market, step->name, &step->choices[c].say);
    }
    return is_good;
}

void sea_loader_gate_menu(struct sea_loader *loader, struct sea_yaml_node node,
                          const struct sea_menu *menu, const struct sea_market *market)
{
    const struct sea_markets *markets = &loader->settings->markets;
    bool is_good = true;
    for (uint32_t i = 0; menu && is_good && i < markets->count; i++)
        if (!market || sea_market_is_in(&markets->items[i], market))
            is_good = gate_steps(node, menu, &markets->items[i]);
}
