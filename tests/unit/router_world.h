/* router_world.h: for the tests of router's cores: the rules of deploy/config, a plan, and people
 * in it. */
#ifndef ROUTER_WORLD_H
#define ROUTER_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "router_call.h"
#include "router_case.h"
#include "router_dispatch.h"
#include "router_notice.h"
#include "router_person.h"
#include "sea_cmocka.h"
#include "sea_id.h"
#include "sea_settings.h"

static const int64_t T0 = INT64_C(1795248000000); /* 2026-11-21T08:00:00Z */
static const int64_t MINUTE = 60 * 1000, HOUR = 3600 * 1000, DAY = 24 * 3600 * 1000;

struct world {
    struct sea_settings *settings;
    struct router_rules rules;
    struct sea_arena arena;
    struct router_plan plan;
    struct router_map agents;
    uint32_t causes;
};

/* Read once, for all worlds of the program. */
static inline struct sea_settings *world_settings(void)
{
    static struct sea_settings *settings;
    struct sea_yaml_errors errors = {0};
    struct sea_settings_from from = {.folder = SEA_SOURCE_DIR "/deploy/config"};
    if (!settings) assert_true(sea_settings_open(&from, &errors, &settings));
    return settings;
}

static inline void world_open(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->settings = world_settings();
    world->rules = (struct router_rules){
        .markets = &world->settings->markets,
        .channels = &world->settings->channels,
        .routing = &world->settings->routing,
        .templates = &world->settings->templates,
        .reopen_ms = 3 * DAY,
        .visit_reminder_ms = 2 * HOUR,
        .notice_wait_ms = 5 * MINUTE,
        .notice_retry_ms = 2000,
        .autos_per_hour = 2,
        .agent_weight = 10,
    };
    world->arena = (struct sea_arena)SEA_ARENA(256 * 1024 * 1024);
    router_plan_init(&world->plan, &world->arena, &world->rules, T0);
    router_map_init(&world->agents, &world->arena);
    world->plan.agents = &world->agents;
}

static inline void world_close(struct world *world)
{
    sea_arena_free(&world->arena);
}

/* What was planned is done with; the clock goes on. */
static inline void world_next(struct world *world, int64_t now_ms)
{
    router_plan_init(&world->plan, &world->arena, &world->rules, now_ms);
    world->plan.agents = &world->agents;
}

static inline struct router_cause *cause(struct world *world)
{
    struct router_cause *ret = router_plan_alloc(&world->plan, sizeof(*ret));
    char text[32];
    snprintf(text, sizeof(text), "cause %u", ++world->causes);
    struct sea_str part = sea_str(text);
    ret->id = ret->root = sea_uuid5(&part, 1);
    ret->topic = "seadesk.messages";
    ret->number = 3;
    return ret;
}

static inline struct router_contact *contact(struct world *world, const char *channel,
                                             const char *address)
{
    struct router_contact *ret = router_plan_alloc(&world->plan, sizeof(*ret));
    struct sea_str parts[] = {sea_str(channel), sea_str(address)};
    struct sea_uuid id = sea_uuid5(parts, 2);
    memcpy(ret->key.bytes, id.bytes, sizeof(ret->key.bytes));
    ret->channel = sea_str(channel);
    ret->account = sea_str(strcmp(channel, "crm") == 0 ? "crm" : "demo");
    ret->address = sea_str(address);
    ret->phone = router_person_phone(&world->plan, ret->channel, ret->address, sea_str(""));
    ret->is_opened = true;
    router_person_meet(&world->plan, ret);
    ret->is_stored = true;
    ret->is_changed = false;
    return ret;
}

static inline struct router_inbound inbound(struct world *world, const char *text)
{
    return (struct router_inbound){
        .cause = cause(world),
        .kind = ROUTER_TEXT,
        .provider_time_ms = world->plan.now_ms - 1000,
        .received_at_ms = world->plan.now_ms,
        .text = sea_str(text),
    };
}

/* As if the batch had been written. */
static inline void store(struct router_ticket *ticket)
{
    ticket->stored_version = ticket->version;
    ticket->stored_status = ticket->status;
    ticket->change = NULL;
}

static inline struct router_ticket *opened(struct world *world, struct router_contact *from)
{
    struct router_inbound in = inbound(world, "hello");
    struct router_ticket *ticket = NULL;
    router_case_message(&world->plan, &in, from, &ticket);
    assert_non_null(ticket);
    store(ticket);
    return ticket;
}

static inline struct router_command command(struct world *world, enum router_command_kind kind,
                                            const char *user, const struct router_ticket *ticket)
{
    return (struct router_command){
        .cause = cause(world),
        .kind = kind,
        .home = ticket->home,
        .ticket_id = ticket->id,
        .expected_version = ticket->version,
        .agent = {sea_str(user), sea_str("Ana"), sea_str("7")},
        .text = sea_str("we are on it"),
        .text_language = sea_str("en"),
    };
}

/* The reason it was refused for, "" when done. */
static inline const char *ask(struct world *world, const struct router_command *command,
                              struct router_ticket *ticket)
{
    router_dispatch_agent(&world->plan, command->agent.user);
    router_case_command(&world->plan, command, ticket);
    struct router_outcome *outcome = world->plan.outcomes;
    while (outcome->next) outcome = outcome->next;
    return outcome->reason;
}

static inline size_t drafts(const struct world *world)
{
    size_t count = 0;
    for (const struct router_draft *d = world->plan.drafts; d; d = d->next) count++;
    return count;
}

static inline bool is_decided(const struct world *world, const char *what)
{
    for (const struct router_decision *d = world->plan.decisions; d; d = d->next)
        if (strcmp(d->what, what) == 0) return true;
    return false;
}

/* Each test in a world of its own. */
static inline int world_setup(void **state)
{
    struct world *world = sea_alloc(sizeof(*world));
    world_open(world);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#endif
