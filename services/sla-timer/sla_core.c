/* sla_core.c: decides over the clocks of one ticket. */
#include "sla_core.h"

#include "sea_id.h"

static bool is_live(const struct sla_clock *clock)
{
    return clock->state == SLA_RUNNING || clock->state == SLA_WARNED || clock->state == SLA_PAUSED;
}

/* A clock that is moved is told as running, also when it has warned: that is told once. */
static struct sla_effect *tell(struct sla_ticket *ticket, enum sea_clock clock, int64_t at_ms,
                               struct sla_effects *ret)
{
    sea_assert(ret->count < SLA_EFFECTS_MAX);
    struct sla_effect *effect = &ret->items[ret->count++];
    *effect = (struct sla_effect){.clock = clock,
                                  .state = ticket->clocks[clock].state,
                                  .due_ms = ticket->clocks[clock].due_ms,
                                  .at_ms = at_ms,
                                  .asked_ms = ticket->asked_ms};
    ticket->is_dirty = true;
    return effect;
}

/* The moment at which a clock over `limit_ms` that started at `from_ms` warns; 0: it doesn't. */
static int64_t warn_ms(const struct sea_market *market, struct sea_target target, int64_t from_ms)
{
    int64_t at_ms = 0;
    if (!target.warn_pct || target.warn_pct >= 100) return 0;
    target.limit_ms = target.limit_ms * target.warn_pct / 100;
    return sea_market_due(market, &target, from_ms, &at_ms) ? at_ms : 0;
}

static void start(struct sla_ticket *ticket, enum sea_clock name, const struct sea_sla *sla,
                  int64_t from_ms)
{
    struct sla_clock *clock = &ticket->clocks[name];
    const char *policy = NULL;
    struct sea_target target =
        sea_sla_target(sla, ticket->market, ticket->channel_class, name, from_ms, &policy);
    *clock = (struct sla_clock){.state = SLA_NONE};
    if (!target.limit_ms || !sea_market_due(ticket->market, &target, from_ms, &clock->due_ms))
        return;
    clock->state = SLA_RUNNING;
    clock->warn_ms = warn_ms(ticket->market, target, from_ms);
    if (policy != ticket->market->code) clock->policy = sea_str(policy);
    ticket->is_dirty = true;
}

static void warn(struct sla_ticket *ticket, enum sea_clock name, bool is_late,
                 struct sla_effects *ret)
{
    struct sla_clock *clock = &ticket->clocks[name];
    int64_t at_ms = clock->warn_ms;
    if (!at_ms) return;
    clock->state = SLA_WARNED;
    clock->warn_ms = 0;
    tell(ticket, name, at_ms, ret)->is_late_decision = is_late;
}

/* Nothing breaches that hasn't warned before. */
static void breach(struct sla_ticket *ticket, enum sea_clock name, bool is_late,
                   struct sla_effects *ret)
{
    struct sla_clock *clock = &ticket->clocks[name];
    warn(ticket, name, is_late, ret);
    clock->state = SLA_BREACHED;
    tell(ticket, name, clock->due_ms, ret)->is_late_decision = is_late;
}

static void end(struct sla_ticket *ticket, enum sea_clock name, enum sla_state state, int64_t at_ms,
                struct sla_effects *ret)
{
    ticket->clocks[name].state = state;
    ticket->clocks[name].warn_ms = 0;
    tell(ticket, name, at_ms, ret);
}

/* What the clock waits for happened at `at_ms`: in time, too late, or it is known already. */
static void prove(struct sla_ticket *ticket, enum sea_clock name, int64_t at_ms, int64_t now_ms,
                  struct sla_effects *ret)
{
    struct sla_clock *clock = &ticket->clocks[name];
    if (at_ms > now_ms) at_ms = now_ms; /* the provider's clock is ahead of ours */
    if (is_live(clock)) {
        if (clock->state == SLA_PAUSED || at_ms <= clock->due_ms)
            end(ticket, name, SLA_MET, at_ms, ret);
        else
            breach(ticket, name, false, ret);
    } else if (clock->state == SLA_BREACHED && !clock->is_withdrawn && at_ms <= clock->due_ms) {
        clock->is_withdrawn = true;
        tell(ticket, name, at_ms, ret)->is_withdrawn = true;
    }
}

static void cancel(struct sla_ticket *ticket, enum sea_clock name, int64_t now_ms,
                   struct sla_effects *ret)
{
    if (is_live(&ticket->clocks[name])) end(ticket, name, SLA_CANCELLED, now_ms, ret);
}

static int64_t left_until(const struct sea_market *market, const struct sea_target *target,
                          int64_t now_ms, int64_t due_ms)
{
    if (!target->is_business) return due_ms - now_ms;
    return sea_calendar_open_ms(&market->working, market->zone, now_ms, due_ms);
}

static void pause(struct sla_ticket *ticket, const struct sea_target *target, int64_t now_ms,
                  struct sla_effects *ret)
{
    struct sla_clock *clock = &ticket->clocks[SEA_CLOCK_RESOLUTION];
    if (!is_live(clock) || clock->state == SLA_PAUSED || clock->due_ms <= now_ms) return;
    ticket->left_ms = left_until(ticket->market, target, now_ms, clock->due_ms);
    clock->state = SLA_PAUSED;
    tell(ticket, SEA_CLOCK_RESOLUTION, now_ms, ret);
}

static void resume(struct sla_ticket *ticket, struct sea_target target, int64_t now_ms,
                   struct sla_effects *ret)
{
    struct sla_clock *clock = &ticket->clocks[SEA_CLOCK_RESOLUTION];
    struct sea_target rest = target;
    int64_t due_ms, moment_ms;
    if (clock->state != SLA_PAUSED) return;
    rest.limit_ms = ticket->left_ms;
    if (!sea_market_due(ticket->market, &rest, now_ms, &due_ms)) return;
    /* What is left when the warning is due. */
    int64_t last_ms = target.limit_ms - target.limit_ms * target.warn_pct / 100;
    rest.limit_ms = ticket->left_ms > last_ms ? ticket->left_ms - last_ms : 0;
    if (clock->warn_ms && sea_market_due(ticket->market, &rest, now_ms, &moment_ms))
        clock->warn_ms = moment_ms;
    clock->state = clock->warn_ms || !target.warn_pct ? SLA_RUNNING : SLA_WARNED;
    clock->due_ms = due_ms;
    ticket->left_ms = 0;
    tell(ticket, SEA_CLOCK_RESOLUTION, now_ms, ret)->state = SLA_RUNNING;
}

static void open_clocks(struct sla_ticket *ticket, const struct sla_change *change,
                        const struct sea_sla *sla, struct sla_effects *ret)
{
    bool has_asked = change->asked_ms || change->acknowledged_ms || change->answered_ms;
    ticket->is_new = false;
    start(ticket, SEA_CLOCK_RESOLUTION, sla, change->opened_ms);
    if (!has_asked) return; /* the company began: nobody waits */
    ticket->asked_ms = change->asked_ms ? change->asked_ms : change->opened_ms;
    start(ticket, SEA_CLOCK_ACKNOWLEDGEMENT, sla, ticket->asked_ms);
    start(ticket, SEA_CLOCK_FIRST_RESPONSE, sla, ticket->asked_ms);
    if (ticket->clocks[SEA_CLOCK_FIRST_RESPONSE].state == SLA_RUNNING)
        tell(ticket, SEA_CLOCK_FIRST_RESPONSE, change->said_ms, ret);
}

/* An older message than was known came late: what hasn't ended counts from it. */
static void count_from_earlier(struct sla_ticket *ticket, int64_t asked_ms,
                               const struct sea_sla *sla, int64_t now_ms, struct sla_effects *ret)
{
    if (!asked_ms || asked_ms >= ticket->asked_ms) return;
    for (enum sea_clock name = 0; name <= SEA_CLOCK_NEXT_RESPONSE; name++) {
        struct sla_clock *clock = &ticket->clocks[name];
        struct sla_clock before = *clock;
        if (!is_live(clock)) continue;
        ticket->asked_ms = asked_ms;
        start(ticket, name, sla, asked_ms);
        if (clock->state == SLA_NONE) *clock = before;
        if (before.state == SLA_WARNED && clock->state == SLA_RUNNING) {
            clock->state = SLA_WARNED;
            clock->warn_ms = 0;
        }
        tell(ticket, name, now_ms, ret)->state = SLA_RUNNING;
    }
}

static void follow_questions(struct sla_ticket *ticket, const struct sla_change *change,
                             const struct sea_sla *sla, int64_t now_ms, struct sla_effects *ret)
{
    struct sla_clock *next = &ticket->clocks[SEA_CLOCK_NEXT_RESPONSE];
    count_from_earlier(ticket, change->asked_ms, sla, now_ms, ret);
    /* Router saw the reply accepted, not later than now. Past due it is the delivery that tells. */
    if (is_live(next) && change->asked_ms != ticket->asked_ms && now_ms <= next->due_ms)
        end(ticket, SEA_CLOCK_NEXT_RESPONSE, SLA_MET, now_ms, ret);
    if (change->asked_ms <= ticket->asked_ms || is_live(next) ||
        is_live(&ticket->clocks[SEA_CLOCK_FIRST_RESPONSE]))
        return;
    ticket->asked_ms = change->asked_ms;
    ticket->started_ms = change->said_ms;
    start(ticket, SEA_CLOCK_NEXT_RESPONSE, sla, change->asked_ms);
    if (next->state == SLA_RUNNING) tell(ticket, SEA_CLOCK_NEXT_RESPONSE, change->said_ms, ret);
    ticket->is_dirty = true;
}

static void follow_status(struct sla_ticket *ticket, const struct sla_change *change,
                          const struct sea_sla *sla, int64_t now_ms, struct sla_effects *ret)
{
    const char *policy;
    struct sea_target target = sea_sla_target(sla, ticket->market, ticket->channel_class,
                                              SEA_CLOCK_RESOLUTION, change->opened_ms, &policy);
    switch (change->status) {
    case SLA_WAITING:
        pause(ticket, &target, now_ms, ret);
        break;
    case SLA_OPEN:
    case SLA_OFFERED:
    case SLA_ASSIGNED:
    case SLA_SNOOZED:
        resume(ticket, target, now_ms, ret);
        break;
    case SLA_RESOLVED:
    case SLA_CLOSED:
        break;
    }
    if (change->resolved_ms) prove(ticket, SEA_CLOCK_RESOLUTION, change->resolved_ms, now_ms, ret);
    if (change->status != SLA_RESOLVED && change->status != SLA_CLOSED) return;
    for (enum sea_clock name = 0; name < SEA_CLOCK_COUNT; name++) cancel(ticket, name, now_ms, ret);
}

void sla_core_change(struct sla_ticket *ticket, const struct sla_change *change,
                     const struct sea_sla *sla, int64_t now_ms, struct sla_effects *ret)
{
    sea_assert(ticket->market);
    bool is_over = change->status == SLA_RESOLVED || change->status == SLA_CLOSED;
    if (ticket->is_new && is_over) return;
    if (!ticket->is_new && change->version <= ticket->version) return;
    if (ticket->is_new) open_clocks(ticket, change, sla, ret);
    if (change->acknowledged_ms)
        prove(ticket, SEA_CLOCK_ACKNOWLEDGEMENT, change->acknowledged_ms, now_ms, ret);
    if (change->answered_ms)
        prove(ticket, SEA_CLOCK_FIRST_RESPONSE, change->answered_ms, now_ms, ret);
    if (!is_over) follow_questions(ticket, change, sla, now_ms, ret);
    follow_status(ticket, change, sla, now_ms, ret);
    if (ticket->is_dirty) ticket->version = change->version;
}

void sla_core_accepted(struct sla_ticket *ticket, bool is_reply, int64_t at_ms, int64_t now_ms,
                       struct sla_effects *ret)
{
    prove(ticket, SEA_CLOCK_ACKNOWLEDGEMENT, at_ms, now_ms, ret);
    if (!is_reply) return;
    prove(ticket, SEA_CLOCK_FIRST_RESPONSE, at_ms, now_ms, ret);
    /* A reply that was under way when the customer wrote again answers the message before. */
    if (at_ms >= ticket->started_ms) prove(ticket, SEA_CLOCK_NEXT_RESPONSE, at_ms, now_ms, ret);
}

static bool is_ticking(const struct sla_clock *clock)
{
    return is_live(clock) && clock->state != SLA_PAUSED;
}

void sla_core_due(struct sla_ticket *ticket, int64_t upto_ms, int64_t sure_ms,
                  struct sla_effects *ret)
{
    for (enum sea_clock name = 0; name < SEA_CLOCK_COUNT; name++) {
        struct sla_clock *clock = &ticket->clocks[name];
        if (!is_ticking(clock)) continue;
        if (clock->due_ms <= upto_ms)
            breach(ticket, name, clock->due_ms > sure_ms, ret);
        else if (clock->warn_ms && clock->warn_ms <= upto_ms)
            warn(ticket, name, clock->warn_ms > sure_ms, ret);
    }
}

int64_t sla_core_next_ms(const struct sla_ticket *ticket)
{
    int64_t next_ms = 0;
    for (enum sea_clock name = 0; name < SEA_CLOCK_COUNT; name++) {
        const struct sla_clock *clock = &ticket->clocks[name];
        if (!is_ticking(clock)) continue;
        int64_t moment_ms = clock->warn_ms ? clock->warn_ms : clock->due_ms;
        if (!next_ms || moment_ms < next_ms) next_ms = moment_ms;
    }
    return next_ms;
}

struct sea_uuid sla_core_clock_id(struct sea_uuid ticket_id, const struct sla_effect *effect)
{
    bool is_repeated = effect->clock == SEA_CLOCK_NEXT_RESPONSE;
    return sea_uuid_derive(ticket_id, SEA_CLOCK_NAMES[effect->clock],
                           is_repeated ? (uint32_t)(effect->asked_ms / 1000) : 0);
}
