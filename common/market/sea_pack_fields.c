/* sea_pack_fields.c: the sections of a pack that are inherited, each checked where its value
 * stands. */
#include <string.h>

#include "sea_pack_private.h"

static const int64_t LIMIT_MIN_MS = 1000, LIMIT_MAX_MS = INT64_C(90) * 86400 * 1000;

static void read_list(struct sea_yaml_node node, struct sea_texts *ret)
{
    sea_yaml_texts(node, &ret->items, &ret->count);
}

static void check_channel(const struct sea_pack_reader *reader, struct sea_yaml_node node,
                          const char *name)
{
    if (!reader->is_channel(sea_str(name)))
        sea_yaml_error(node, "no channel '%s', expected one that exists", name);
}

static void read_channels(const struct sea_pack_reader *reader, struct sea_yaml_node node,
                          struct sea_texts *ret)
{
    read_list(node, ret);
    for (uint32_t i = 0; i < ret->count; i++)
        check_channel(reader, sea_yaml_item(node, i), ret->items[i]);
}

static void check_language(struct sea_yaml_node node, const char *tag)
{
    size_t len = strlen(tag), first = strcspn(tag, "-");
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    if (first < 2 || first > 3 || strspn(tag, ALLOWED) != len || tag[len - 1] == '-')
        sea_yaml_error(node, "'%s', expected a language such as pt or pt-BR", tag);
}

static void read_language(struct sea_yaml_node node, const char **ret)
{
    if (sea_yaml_text(node, ret)) check_language(node, *ret);
}

/* Weekdays as bits; absent: all seven. */
static uint32_t read_days(struct sea_yaml_node node)
{
    static const char *const NAMES[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    uint32_t days = 0, day;
    if (sea_yaml_is_absent(node)) return 0x7f;
    for (uint32_t i = 0; i < sea_yaml_count(node); i++)
        if (sea_yaml_choice(sea_yaml_item(node, i), NAMES, SEA_COUNT(NAMES), &day))
            days |= 1u << day;
    return days;
}

static void read_windows(struct sea_yaml_node list, struct sea_calendar *ret)
{
    for (uint32_t i = 0; i < sea_yaml_count(list); i++) {
        struct sea_yaml_map map;
        uint16_t from_min = 0, to_min = 0;
        if (!sea_yaml_map(sea_yaml_item(list, i), &map)) continue;
        uint32_t days = read_days(sea_yaml_get(&map, "days"));
        bool is_good = sea_yaml_daytime(sea_yaml_need(&map, "from"), &from_min);
        is_good = sea_yaml_daytime(sea_yaml_need(&map, "to"), &to_min) && is_good;
        sea_yaml_end(&map);
        if (is_good && from_min == to_min)
            sea_yaml_error(sea_yaml_item(list, i), "an empty window, expected 'from' before 'to'");
        else if (is_good && !sea_calendar_add(ret, days, from_min, to_min))
            sea_yaml_error(list, "too many windows, expected at most %d a week",
                           SEA_WEEK_SPANS_MAX);
    }
}

static void read_holidays(struct sea_yaml_map *pack, struct sea_calendar *ret)
{
    struct sea_yaml_map map;
    if (!sea_yaml_sub(pack, "holidays", &map)) return;
    (void)sea_yaml_get(&map, "example");
    struct sea_yaml_node list = sea_yaml_get(&map, "dates");
    uint32_t count = sea_yaml_count(list);
    if (count == 0) return;
    int32_t *days = sea_yaml_zero(list, (count + 1) * sizeof *days);
    for (uint32_t i = 0; days && i < count; i++) {
        struct sea_yaml_node item = sea_yaml_item(list, i);
        if (sea_yaml_date(item, &days[i]) && i > 0 && days[i] <= days[i - 1])
            sea_yaml_error(item, "a date out of order, expected ascending dates");
    }
    ret->closed_days = days;
    ret->closed_count = days ? count : 0;
    sea_yaml_end(&map);
}

static void read_hours(struct sea_yaml_map *pack, const char *key, struct sea_calendar *ret)
{
    struct sea_yaml_map map;
    if (!sea_yaml_sub(pack, key, &map)) return;
    (void)sea_yaml_get(&map, "example");
    read_windows(sea_yaml_need(&map, "windows"), ret);
    sea_yaml_end(&map);
}

/* What of the week a calendar leaves closed, as open windows. */
static struct sea_calendar rest_of_week(const struct sea_calendar *quiet)
{
    struct sea_calendar rest = {0};
    for (uint32_t day = 0; day < 7; day++) {
        uint32_t from_min = day * SEA_DAY_MIN, end_min = from_min + SEA_DAY_MIN;
        for (uint32_t i = 0; i < quiet->span_count; i++) {
            if (quiet->spans[i].from_min / SEA_DAY_MIN != day) continue;
            if (quiet->spans[i].from_min > from_min)
                rest.spans[rest.span_count++] =
                    (struct sea_week_span){(uint16_t)from_min, quiet->spans[i].from_min};
            from_min = quiet->spans[i].to_min;
        }
        if (from_min < end_min)
            rest.spans[rest.span_count++] =
                (struct sea_week_span){(uint16_t)from_min, (uint16_t)end_min};
    }
    return rest;
}

/* A class's rule is taken whole from the nearest pack that has one. */
static void read_quiet(struct sea_yaml_node node, struct sea_market *market,
                       enum sea_message_class class)
{
    struct sea_yaml_map map;
    struct sea_calendar quiet = {0};
    bool is_outside = false;
    if (!sea_yaml_map(node, &map)) return;
    (void)sea_yaml_get(&map, "example");
    sea_yaml_bool(sea_yaml_get(&map, "outside_working_hours"), &is_outside);
    struct sea_yaml_node windows = sea_yaml_get(&map, "windows");
    read_windows(windows, &quiet);
    if (is_outside == !sea_yaml_is_absent(windows))
        sea_yaml_error(node, "expected either 'windows' or 'outside_working_hours: true'");
    sea_yaml_end(&map);
    market->is_contact_limited[class] = is_outside || quiet.span_count > 0;
    if (is_outside)
        market->contact[class] = market->working;
    else if (quiet.span_count * 2 <= SEA_WEEK_SPANS_MAX - 7)
        market->contact[class] = rest_of_week(&quiet);
    else
        sea_yaml_error(windows, "too many windows");
    if (market->is_contact_limited[class] && market->contact[class].span_count == 0)
        sea_yaml_error(node, "is quiet the whole week, expected time to send");
}

static void read_quiet_hours(struct sea_yaml_map *pack, struct sea_market *market)
{
    struct sea_yaml_map map;
    if (!sea_yaml_sub(pack, "quiet_hours", &map)) return;
    for (uint32_t class = 0; class < SEA_CLASS_COUNT; class ++)
        read_quiet(sea_yaml_get(&map, SEA_MESSAGE_CLASS_NAMES[class]), market,
                   (enum sea_message_class) class);
    sea_yaml_end(&map);
}

static void read_target(struct sea_yaml_map *clock, const char *channel, struct sea_target *ret)
{
    static const char *const COUNTS[] = {"calendar", "business"};
    struct sea_yaml_map map;
    uint32_t count = 0;
    if (!sea_yaml_sub(clock, channel, &map)) return;
    (void)sea_yaml_get(&map, "example");
    sea_yaml_duration(sea_yaml_need(&map, "limit"), LIMIT_MIN_MS, LIMIT_MAX_MS, &ret->limit_ms);
    sea_yaml_choice(sea_yaml_need(&map, "count"), COUNTS, SEA_COUNT(COUNTS), &count);
    sea_yaml_percent(sea_yaml_need(&map, "warn"), &ret->warn_pct);
    ret->is_business = count == 1;
    sea_yaml_end(&map);
}

/* A message is acknowledged before it is answered, and answered before all is resolved. */
static void check_order(struct sea_yaml_map *clocks, const struct sea_market *market,
                        uint32_t channel)
{
    static const enum sea_clock ORDER[] = {SEA_CLOCK_ACKNOWLEDGEMENT, SEA_CLOCK_FIRST_RESPONSE,
                                           SEA_CLOCK_RESOLUTION};
    for (uint32_t i = 1; i < SEA_COUNT(ORDER); i++) {
        const struct sea_target *early = &market->targets[channel][ORDER[i - 1]];
        const struct sea_target *late = &market->targets[channel][ORDER[i]];
        struct sea_yaml_map clock, target;
        if (early->limit_ms <= late->limit_ms || early->is_business != late->is_business) continue;
        if (late->limit_ms == 0 || !sea_yaml_sub(clocks, SEA_CLOCK_NAMES[ORDER[i - 1]], &clock) ||
            !sea_yaml_sub(&clock, SEA_CHANNEL_CLASS_NAMES[channel], &target))
            continue;
        sea_yaml_error(sea_yaml_get(&target, "limit"),
                       "%s of %s in market %s is longer than its %s, expected at most that",
                       SEA_CLOCK_NAMES[ORDER[i - 1]], SEA_CHANNEL_CLASS_NAMES[channel],
                       market->code, SEA_CLOCK_NAMES[ORDER[i]]);
    }
}

static void read_clocks(struct sea_yaml_map *pack, struct sea_market *market)
{
    struct sea_yaml_map clocks, clock;
    if (!sea_yaml_sub(pack, "clocks", &clocks)) return;
    for (uint32_t i = 0; i < SEA_CLOCK_COUNT; i++) {
        if (!sea_yaml_sub(&clocks, SEA_CLOCK_NAMES[i], &clock)) continue;
        for (uint32_t n = 0; n < SEA_CHANNEL_CLASS_COUNT; n++)
            read_target(&clock, SEA_CHANNEL_CLASS_NAMES[n], &market->targets[n][i]);
        sea_yaml_end(&clock);
    }
    sea_yaml_end(&clocks);
    for (uint32_t n = 0; n < SEA_CHANNEL_CLASS_COUNT; n++) check_order(&clocks, market, n);
}

/* The ceiling is checked with what is inherited: P6M of a region holds for a country's own P1Y. */
static void read_retention(struct sea_yaml_map *pack, struct sea_market *market)
{
    struct sea_yaml_map map, class;
    (void)sea_yaml_need(pack, "retention");
    if (!sea_yaml_sub(pack, "retention", &map)) return;
    struct sea_period *ceiling = &market->retention_ceiling;
    sea_yaml_period(sea_yaml_get(&map, "ceiling"), &ceiling->months, &ceiling->days);
    for (uint32_t i = 0; i < SEA_RETAIN_COUNT; i++) {
        struct sea_period *keep = &market->retention[i];
        (void)sea_yaml_need(&map, SEA_RETENTION_NAMES[i]);
        if (!sea_yaml_sub(&map, SEA_RETENTION_NAMES[i], &class)) continue;
        (void)sea_yaml_get(&class, "example");
        struct sea_yaml_node node = sea_yaml_need(&class, "keep");
        bool is_personal = i == SEA_RETAIN_CONVERSATION || i == SEA_RETAIN_RECORDING;
        if (sea_yaml_period(node, &keep->months, &keep->days) && is_personal &&
            ceiling->months + ceiling->days > 0 &&
            sea_period_end_ms(*keep, 0) > sea_period_end_ms(*ceiling, 0))
            sea_yaml_error(node,
                           "is longer than the ceiling that market %s has, expected at most "
                           "%u months and %u days",
                           market->code, ceiling->months, ceiling->days);
        sea_yaml_end(&class);
    }
    sea_yaml_end(&map);
}

static void read_consent(const struct sea_pack_reader *reader, struct sea_yaml_map *pack,
                         struct sea_market *market)
{
    static const char *const RULES[] = {"none", "notice", "opt_in"};
    static const char *const KEYS[] = {"recording", "marketing"};
    enum sea_consent_rule *const rules[] = {&market->recording, &market->marketing};
    struct sea_yaml_map map, rule;
    uint32_t choice;
    if (!sea_yaml_sub(pack, "consent", &map)) return;
    for (uint32_t i = 0; i < SEA_COUNT(KEYS); i++) {
        if (!sea_yaml_sub(&map, KEYS[i], &rule)) continue;
        (void)sea_yaml_get(&rule, "example");
        if (sea_yaml_choice(sea_yaml_need(&rule, "rule"), RULES, SEA_COUNT(RULES), &choice))
            *rules[i] = (enum sea_consent_rule)choice;
        if (i == 0)
            read_channels(reader, sea_yaml_need(&rule, "channels"), &market->recording_channels);
        sea_yaml_end(&rule);
    }
    sea_yaml_end(&map);
}

static uint32_t count_keys(const struct sea_yaml_map *map)
{
    const char *key;
    struct sea_yaml_node node;
    uint32_t count = 0;
    for (uint32_t cursor = 0; sea_yaml_next(map, &cursor, &key, &node);) count++;
    return count;
}

static void read_word_lists(struct sea_yaml_map *words, struct sea_word_rule *rule)
{
    const char *language;
    struct sea_yaml_node key;
    uint32_t count = count_keys(words);
    rule->lists = sea_yaml_zero(words->layers[0], (count + 1) * sizeof rule->lists[0]);
    for (uint32_t cursor = 0; rule->lists && sea_yaml_next(words, &cursor, &language, &key);) {
        struct sea_yaml_node phrases = sea_yaml_get(words, language);
        if (strcmp(language, "*") != 0) check_language(key, language);
        if (sea_yaml_is_absent(phrases)) continue;
        rule->lists[rule->list_count].language = language;
        read_list(phrases, &rule->lists[rule->list_count++].phrases);
    }
}

/* Rules and languages add up along the chain; a rule's phrases of one language are replaced. */
static void read_forbidden_words(struct sea_yaml_map *pack, struct sea_market *market)
{
    static const char *const MATCHES[] = {"text", "word"}, *const SEVERITIES[] = {"warn", "block"};
    struct sea_yaml_map map, section, words;
    struct sea_yaml_node key;
    if (!sea_yaml_sub(pack, "forbidden_words", &map)) return;
    uint32_t count = count_keys(&map), choice;
    struct sea_word_rule *rules = sea_yaml_zero(map.layers[0], (count + 1) * sizeof *rules);
    for (uint32_t cursor = 0, i = 0; rules && i < count; i++) {
        struct sea_word_rule *rule = &rules[i];
        if (!sea_yaml_next(&map, &cursor, &rule->id, &key)) break;
        if (!sea_yaml_sub(&map, rule->id, &section)) continue;
        (void)sea_yaml_get(&section, "example");
        sea_yaml_text(sea_yaml_need(&section, "category"), &rule->category);
        sea_yaml_text(sea_yaml_get(&section, "advice"), &rule->advice);
        if (sea_yaml_choice(sea_yaml_need(&section, "match"), MATCHES, 2, &choice))
            rule->is_whole_word = choice == 1;
        if (sea_yaml_choice(sea_yaml_need(&section, "severity"), SEVERITIES, 2, &choice))
            rule->is_blocking = choice == 1;
        if (sea_yaml_sub(&section, "words", &words)) read_word_lists(&words, rule);
        sea_yaml_end(&section);
    }
    market->word_rules = rules;
    market->word_rule_count = rules ? count : 0;
}

static void read_manners(struct sea_yaml_map *pack, struct sea_manners *manners)
{
    static const char *const FAMILIES[] = {"courteous", "direct"};
    struct sea_yaml_map map;
    uint32_t family;
    if (!sea_yaml_map(sea_yaml_need(pack, "manners"), &map)) return;
    sea_yaml_sub(pack, "manners", &map);
    (void)sea_yaml_get(&map, "example");
    if (sea_yaml_choice(sea_yaml_need(&map, "family"), FAMILIES, SEA_COUNT(FAMILIES), &family))
        manners->family = FAMILIES[family];
    sea_yaml_text(sea_yaml_get(&map, "honorific"), &manners->honorific);
    sea_yaml_text(sea_yaml_get(&map, "structure"), &manners->structure);
    sea_yaml_text(sea_yaml_get(&map, "emoji"), &manners->emoji);
    sea_yaml_text(sea_yaml_get(&map, "closing"), &manners->closing);
    read_list(sea_yaml_get(&map, "signature"), &manners->signature);
    read_list(sea_yaml_get(&map, "slang"), &manners->slang);
    read_list(sea_yaml_get(&map, "required"), &manners->required);
    sea_yaml_end(&map);
}

static void read_opt_out(struct sea_yaml_map *pack, struct sea_market *market)
{
    struct sea_yaml_map map;
    if (sea_yaml_sub(pack, "opt_out", &map)) {
        read_list(sea_yaml_get(&map, "stop"), &market->stop_words);
        read_list(sea_yaml_get(&map, "start"), &market->start_words);
        sea_yaml_end(&map);
    }
}

/* What part of a market's messages is expected by which channel. */
static void read_shares(const struct sea_pack_reader *reader, struct sea_yaml_map *map,
                        struct sea_market *market)
{
    struct sea_yaml_node key;
    const char *channel;
    struct sea_channel_share *shares =
        sea_yaml_zero(map->layers[0], (count_keys(map) + 1) * sizeof(*shares));
    for (uint32_t cursor = 0; shares && sea_yaml_next(map, &cursor, &channel, &key);) {
        struct sea_channel_share *share = &shares[market->share_count];
        check_channel(reader, key, channel);
        share->channel = channel;
        if (sea_yaml_percent(sea_yaml_get(map, channel), &share->percent)) market->share_count++;
    }
    market->shares = shares;
}

static void read_classes(const struct sea_pack_reader *reader, struct sea_yaml_map *map,
                         struct sea_market *market)
{
    struct sea_yaml_node key;
    const char *channel;
    uint32_t class;
    struct sea_class_rule *rules =
        sea_yaml_zero(map->layers[0], (count_keys(map) + 1) * sizeof(*rules));
    for (uint32_t cursor = 0; rules && sea_yaml_next(map, &cursor, &channel, &key);) {
        check_channel(reader, key, channel);
        if (sea_yaml_choice(sea_yaml_get(map, channel), SEA_CHANNEL_CLASS_NAMES,
                            SEA_CHANNEL_CLASS_COUNT, &class))
            rules[market->class_rule_count++] = (struct sea_class_rule){channel, class};
    }
    market->class_rules = rules;
}

/* By which channel simple, complex and technical cases are answered. */
static void read_reply(const struct sea_pack_reader *reader, struct sea_yaml_map *map,
                       struct sea_market *market)
{
    for (uint32_t i = 0; i < SEA_COMPLEXITY_COUNT; i++) {
        struct sea_yaml_node node = sea_yaml_get(map, SEA_COMPLEXITY_NAMES[i]);
        if (sea_yaml_text(node, &market->reply_channels[i]))
            check_channel(reader, node, market->reply_channels[i]);
    }
}

static void read_market_channels(const struct sea_pack_reader *reader, struct sea_yaml_map *pack,
                                 struct sea_market *market)
{
    struct sea_yaml_map map, shares, classes, reply;
    if (!sea_yaml_sub(pack, "channels", &map)) return;
    (void)sea_yaml_get(&map, "example");
    read_channels(reader, sea_yaml_get(&map, "preferred"), &market->channels);
    struct sea_yaml_node fallback = sea_yaml_get(&map, "fallback");
    if (sea_yaml_text(fallback, &market->fallback_channel))
        check_channel(reader, fallback, market->fallback_channel);
    read_channels(reader, sea_yaml_get(&map, "closed"), &market->closed_channels);
    if (sea_yaml_sub(&map, "share", &shares)) {
        read_shares(reader, &shares, market);
        sea_yaml_end(&shares);
    }
    if (sea_yaml_sub(&map, "classes", &classes)) {
        read_classes(reader, &classes, market);
        sea_yaml_end(&classes);
    }
    if (sea_yaml_sub(&map, "reply", &reply)) {
        read_reply(reader, &reply, market);
        sea_yaml_end(&reply);
    }
    read_channels(reader, sea_yaml_get(&map, "feature_phones"), &market->feature_phones);
    sea_yaml_end(&map);
}

static void read_date_format(struct sea_yaml_node node, const char **ret)
{
    if (sea_yaml_text(node, ret) &&
        (strlen(*ret) > 18 || !strstr(*ret, "DD") || !strstr(*ret, "MM") || !strstr(*ret, "YYYY")))
        sea_yaml_error(node, "'%s', expected DD, MM and YYYY, such as DD/MM/YYYY", *ret);
}

static void read_region(struct sea_yaml_node node, const char **ret)
{
    if (sea_yaml_text(node, ret) &&
        strspn(*ret, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(*ret))
        sea_yaml_error(node, "'%s', expected a region of a-z, 0-9 and -, such as eu-west", *ret);
}

void sea_pack_read_fields(struct sea_pack_reader *reader, struct sea_yaml_map *pack,
                          struct sea_market *market)
{
    struct sea_yaml_map desk;
    struct sea_yaml_node languages = sea_yaml_need(pack, "languages");
    read_list(languages, &market->languages);
    for (uint32_t i = 0; i < market->languages.count; i++)
        check_language(sea_yaml_item(languages, i), market->languages.items[i]);
    if (sea_yaml_sub(pack, "desk", &desk)) {
        (void)sea_yaml_get(&desk, "example");
        read_language(sea_yaml_need(&desk, "language"), &market->desk_language);
        sea_yaml_end(&desk);
    }
    read_region(sea_yaml_get(pack, "region"), &market->region);
    market->zone = sea_pack_zone(reader, sea_yaml_need(pack, "zone"));
    read_date_format(sea_yaml_need(pack, "date_format"), &market->date_format);
    read_hours(pack, "working_hours", &market->working);
    read_holidays(pack, &market->working);
    read_hours(pack, "preferred_contact", &market->preferred);
    read_quiet_hours(pack, market);
    read_clocks(pack, market);
    read_retention(pack, market);
    read_consent(reader, pack, market);
    read_forbidden_words(pack, market);
    read_manners(pack, &market->manners);
    read_opt_out(pack, market);
    read_market_channels(reader, pack, market);
}
