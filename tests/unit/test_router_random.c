/* Router's cores under random sequences of messages, commands, deliveries, offers and time: what
 * must always hold holds after every step. A failing seed is printed and may be given as the first
 * argument. */
#include "router_world.h"

enum { PEOPLE = 4, AGENTS = 3, STEPS = 400, SEEDS = 150, SENT_MAX = 64 };

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

struct person {
    struct router_contact *whatsapp, *sms;
    struct router_ticket *ticket; /* the newest */
    uint64_t last_seq;
};

struct scene {
    struct world world;
    struct person people[PEOPLE];
    struct router_agent *agents[AGENTS];
    struct router_sent *sent[SENT_MAX];
    size_t sent_count;
    int64_t now_ms;
};

static const char *const USERS[AGENTS] = {"ana", "wei", "sup"};

static void open_scene(struct scene *scene, uint64_t seed)
{
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    memset(scene, 0, sizeof(*scene));
    world_open(&scene->world);
    scene->now_ms = T0;
    for (int i = 0; i < PEOPLE; i++) {
        char number[16];
        snprintf(number, sizeof(number), "551191234567%d", i);
        char *lasting = sea_arena_dup(&scene->world.arena, sea_str(number));
        scene->people[i].whatsapp = contact(&scene->world, "whatsapp", lasting);
        scene->people[i].sms = contact(&scene->world, "twilio-sms", lasting);
        scene->people[i].sms->customer = scene->people[i].whatsapp->customer;
    }
    for (int i = 0; i < AGENTS; i++)
        scene->agents[i] = router_dispatch_agent(&scene->world.plan, sea_str(USERS[i]));
}

static void write_message(struct scene *scene, struct person *person)
{
    struct world *world = &scene->world;
    struct router_inbound in = inbound(world, "hello");
    struct router_ticket *before = person->ticket;
    bool was_live = before && before->status != ROUTER_RESOLVED && before->status != ROUTER_CLOSED;
    in.kind = below(10) ? ROUTER_TEXT : ROUTER_REACTION;
    in.is_automatic = below(15) == 0;
    in.reading.word = below(12) ? ROUTER_NO_WORD : below(2) ? ROUTER_STOP : ROUTER_START;
    in.reading.asks_for_order = below(5) == 0;
    router_case_message(&world->plan, &in, person->whatsapp, &person->ticket);
    /* Never two live tickets of one conversation. */
    if (was_live) assert_ptr_equal(person->ticket, before);
}

static void order_something(struct scene *scene, struct person *person)
{
    struct world *world = &scene->world;
    if (!person->ticket) return;
    struct router_command said =
        command(world, (enum router_command_kind)below(6), USERS[below(AGENTS)], person->ticket);
    uint64_t before = person->ticket->version;
    if (below(8) == 0) said.expected_version++;
    said.to = sea_str(below(2) ? "queue:general" : USERS[below(AGENTS)]);
    said.until_ms = scene->now_ms + HOUR;
    said.fallback = person->sms;
    router_case_command(&world->plan, &said, person->ticket);
    const struct router_outcome *outcome = world->plan.outcomes;
    assert_non_null(outcome);
    assert_null(outcome->next); /* exactly one */
    assert_int_equal(person->ticket->version, before + (*outcome->reason ? 0 : 1));
    assert_int_equal(outcome->version, person->ticket->version);
}

static void hear_of_delivery(struct scene *scene)
{
    struct world *world = &scene->world;
    if (!scene->sent_count) return;
    struct router_sent *sent = scene->sent[below((uint32_t)scene->sent_count)];
    struct router_ticket *ticket = NULL;
    struct router_contact *ways[2] = {NULL, NULL};
    for (int i = 0; i < PEOPLE; i++)
        if (sea_key_eq(scene->people[i].whatsapp->key, sent->home)) {
            ways[0] = scene->people[i].whatsapp;
            ways[1] = scene->people[i].sms;
            if (scene->people[i].ticket &&
                sea_uuid_eq(scene->people[i].ticket->id, sent->ticket_id))
                ticket = scene->people[i].ticket;
        }
    struct router_delivered heard = {.cause = cause(world),
                                     .draft_id = sent->draft_id,
                                     .version = sent->version + below(3),
                                     .state = (enum router_delivery)(1 + below(12)),
                                     .channel = sea_str(below(2) ? "whatsapp" : "twilio-sms"),
                                     .at_ms = scene->now_ms,
                                     .contacts = ways,
                                     .contact_count = 2};
    uint64_t before = sent->version;
    struct sea_uuid draft = sent->draft_id;
    bool is_news = router_case_delivery(&world->plan, &heard, sent, ticket);
    assert_int_equal(is_news, heard.version > before);
    assert_true(sent->redraft <= ROUTER_REDRAFTS_MAX);
    if (sea_uuid_eq(draft, sent->draft_id)) assert_true(sent->version >= before);
}

static void dispatch_something(struct scene *scene, struct person *person)
{
    struct world *world = &scene->world;
    struct router_agent *agent = scene->agents[below(AGENTS)];
    struct router_presence_said said = {.state = (enum router_presence)below(3), .weight = 6};
    if (below(3) == 0) router_dispatch_presence(&world->plan, agent, &said);
    if (!person->ticket) return;
    struct router_ticket *ticket = person->ticket;
    if (ticket->due_at_ms && ticket->due_at_ms <= scene->now_ms) {
        router_dispatch_due(&world->plan, ticket, cause(world));
    } else if (below(4) == 0) {
        router_dispatch_raise(&world->plan, ticket, cause(world), below(2), sea_str("resolution"));
    } else {
        uint32_t load = agent->load;
        bool was_offered = ticket->status == ROUTER_OFFERED;
        bool is_made = router_dispatch_offer(&world->plan, ticket, agent, cause(world));
        assert_false(is_made && was_offered); /* one open offer */
        assert_true(!is_made || agent->load == load + 2);
        assert_true(!is_made || agent->load <= agent->weight);
    }
}

/* Replies and answers of this step, as rows that deliveries will speak of; and the chain of drafts.
 */
static void write_drafts(struct scene *scene)
{
    struct world *world = &scene->world;
    for (int i = 0; i < PEOPLE; i++) {
        struct person *person = &scene->people[i];
        uint64_t last =
            router_plan_number_drafts(&world->plan, person->whatsapp->customer, person->last_seq);
        for (const struct router_draft *d = world->plan.drafts; d; d = d->next) {
            if (!sea_uuid_eq(d->customer, person->whatsapp->customer)) continue;
            assert_int_equal(d->prev_seq, person->last_seq);
            assert_int_equal(d->seq, person->last_seq + 1);
            person->last_seq = d->seq;
        }
        assert_int_equal(person->last_seq, last);
    }
    for (const struct router_draft *d = world->plan.drafts; d; d = d->next) {
        assert_true(d->seq > 0 && d->ladder_count > 0);
        if (d->is_row || scene->sent_count == SENT_MAX) continue;
        struct router_sent *sent = router_plan_alloc(&world->plan, sizeof(*sent));
        *sent = (struct router_sent){.id = d->message_id,
                                     .ticket_id = d->ticket_id,
                                     .draft_id = d->id,
                                     .home = d->home,
                                     .class = d->class,
                                     .state = ROUTER_DRAFTED,
                                     .drafted_at_ms = scene->now_ms,
                                     .text = d->text};
        scene->sent[scene->sent_count++] = sent;
    }
}

static void check(struct scene *scene, const uint64_t versions[PEOPLE],
                  struct router_ticket *const tickets[PEOPLE])
{
    uint32_t loads[AGENTS] = {0};
    for (int i = 0; i < PEOPLE; i++) {
        const struct router_ticket *ticket = scene->people[i].ticket;
        if (!ticket) continue;
        bool is_carried = ticket->status == ROUTER_OFFERED || ticket->status == ROUTER_ASSIGNED;
        for (int a = 0; is_carried && a < AGENTS; a++)
            if (sea_str_is(ticket->assignee, USERS[a])) loads[a] += 2;
        if (is_carried) assert_true(ticket->assignee.len > 0);
        if (ticket->status == ROUTER_OPEN) assert_int_equal(ticket->assignee.len, 0);
        /* Only what is offered, snoozed or resolved comes due. */
        assert_int_equal(ticket->due_at_ms != 0, ticket->status == ROUTER_OFFERED ||
                                                     ticket->status == ROUTER_SNOOZED ||
                                                     ticket->status == ROUTER_RESOLVED);
        /* A step changes a ticket at most once, and then its version by one. */
        if (ticket == tickets[i])
            assert_true(ticket->version == versions[i] || ticket->version == versions[i] + 1);
        else
            assert_int_equal(ticket->version, 1);
        assert_true(ticket->asked_next_at_ms == 0 || ticket->asked_at_ms != 0);
    }
    for (int a = 0; a < AGENTS; a++) assert_int_equal(scene->agents[a]->load, loads[a]);
}

static void play(uint64_t seed)
{
    static struct scene scene;
    open_scene(&scene, seed);
    for (int step = 0; step < STEPS; step++) {
        uint64_t versions[PEOPLE];
        struct router_ticket *tickets[PEOPLE];
        struct person *person = &scene.people[below(PEOPLE)];
        for (int i = 0; i < PEOPLE; i++) {
            tickets[i] = scene.people[i].ticket;
            versions[i] = tickets[i] ? tickets[i]->version : 0;
        }
        scene.now_ms += below(5) ? below(20 * 60) * 1000 : (int64_t)below(30) * HOUR;
        world_next(&scene.world, scene.now_ms);
        switch (below(4)) {
        case 0:
            write_message(&scene, person);
            break;
        case 1:
            order_something(&scene, person);
            break;
        case 2:
            hear_of_delivery(&scene);
            break;
        default:
            dispatch_something(&scene, person);
        }
        write_drafts(&scene);
        check(&scene, versions, tickets);
    }
    world_close(&scene.world);
}

static uint64_t first_seed = 1;
static uint64_t playing;

static void whatever_happens_the_cores_keep_their_promises(void **state)
{
    (void)state;
    for (playing = first_seed; playing < first_seed + SEEDS; playing++) play(playing);
}

static int say_seed(void **state)
{
    (void)state;
    if (playing < first_seed + SEEDS) fprintf(stderr, "seed %llu\n", (unsigned long long)playing);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) first_seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        whatever_happens_the_cores_keep_their_promises, NULL, say_seed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
