/* ingest_http_parts.c: parts of a message over HTTP: each request is answered when the message with
 * its part is on the log; one whose others don't come soon is told to come again. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest_generic.h"
#include "ingest_http.h"
#include "ingest_parts.h"
#include "sea_clock.h"
#include "sea_id.h"
#include "sea_trace.h"

enum { HOLD_MS = 2000, WAITERS_MAX = 500, RETRY_AFTER_S = 2 };

/* A request that waits for the other parts of its message. */
struct ingest_waiter {
    struct ingest_waiter *next;
    struct ingest_edge *edge;
    struct sea_http_exchange *exchange; /* NULL: answered */
    struct sea_uuid message;
};

static void tell_again(struct sea_http_exchange *exchange)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_UNAVAILABLE,
                                  .detail = "the other parts of this message are awaited; send it "
                                            "again",
                                  .retry_after_s = RETRY_AFTER_S};
    ingest_http_count_refusal("messages", "parts");
    sea_http_answer_problem(exchange, &problem);
}

static void on_held(void *ctx)
{
    struct ingest_waiter *waiter = ctx, **link = &waiter->edge->waiters;
    while (*link != waiter) link = &(*link)->next;
    *link = waiter->next;
    waiter->edge->waiters_count--;
    if (waiter->exchange) tell_again(waiter->exchange);
    free(waiter);
}

static void hold(struct ingest_edge *edge, struct sea_http_exchange *exchange,
                 struct sea_uuid message)
{
    if (edge->waiters_count == WAITERS_MAX || sea_app_is_draining(edge->app)) {
        tell_again(exchange);
        return;
    }
    struct ingest_waiter *waiter = sea_alloc(sizeof(*waiter));
    *waiter = (struct ingest_waiter){edge->waiters, edge, exchange, message};
    edge->waiters = waiter;
    edge->waiters_count++;
    sea_app_after(edge->app, HOLD_MS, on_held, waiter);
}

static struct ingest_item *message_of(struct ingest_intake *intake)
{
    return &intake->items.list[intake->items.count - 1];
}

/* Those that wait have their part on the log now. */
static void answer_waiters(struct ingest_edge *edge, struct sea_uuid message, struct sea_uuid event)
{
    char id[SEA_UUID_TEXT], text[96];
    sea_uuid_print(event, id);
    int len = snprintf(text, sizeof(text), "{\"accepted\":0,\"duplicate\":1,\"ids\":[\"%s\"]}", id);
    for (struct ingest_waiter *waiter = edge->waiters; waiter; waiter = waiter->next) {
        if (!waiter->exchange || !sea_uuid_eq(waiter->message, message)) continue;
        sea_http_answer_json(waiter->exchange, 202, (struct sea_str){text, (size_t)len});
        waiter->exchange = NULL;
    }
}

/* What is passed on: the request that made it whole, or none. */
struct passing {
    struct ingest_edge *edge;
    struct sea_uuid message;
};

static void pass_on(struct ingest_edge *edge, struct ingest_intake *intake,
                    const struct sea_account *account,
                    void (*done)(struct ingest_intake *intake, enum sea_err err))
{
    struct ingest_item *item = message_of(intake);
    struct passing *passing = sea_arena_alloc(&intake->arena, sizeof(*passing));
    sea_assert(passing); /* the arena has room for a request of 4 MiB */
    *passing = (struct passing){edge, ingest_parts_id(item)};
    intake->ctx2 = passing;
    sea_assert(ingest_parts_join(edge->parts, &intake->arena, account, item)); /* likewise */
    ingest_take_mark(item);
    for (size_t i = 0; i + 1 < intake->items.count; i++) intake->items.list[i].root = item->id;
    item->message.parts = 0; /* from here on a message like any other */
    ingest_edge_sort(edge, &intake->items, account);
    ingest_intake_publish(intake, done);
}

static void on_whole(struct ingest_intake *intake, enum sea_err err)
{
    const struct passing *passing = intake->ctx2;
    if (!err) {
        ingest_parts_passed(passing->edge->parts, passing->message);
        answer_waiters(passing->edge, passing->message, message_of(intake)->id);
    }
    ingest_http_published(intake, err);
}

void ingest_http_part(struct ingest_edge *edge, const struct sea_source *publisher,
                      const struct sea_account *account, struct sea_str body,
                      struct ingest_intake *intake)
{
    struct sea_uuid message = ingest_parts_id(message_of(intake));
    struct sea_http_exchange *exchange = intake->ctx;
    switch (ingest_parts_add(edge->parts, message_of(intake), sea_str(publisher->name), body,
                             sea_clock_mono_ms())) {
    case INGEST_PARTS_WAIT:
        ingest_intake_drop(intake);
        hold(edge, exchange, message);
        return;
    case INGEST_PARTS_FULL:
        ingest_intake_drop(intake);
        tell_again(exchange);
        return;
    case INGEST_PARTS_WHOLE:
    case INGEST_PARTS_OVER:
        pass_on(edge, intake, account, on_whole);
        return;
    }
}

static void on_left(struct ingest_intake *intake, enum sea_err err)
{
    const struct passing *passing = intake->ctx2;
    passing->edge->is_passing_on = false;
    if (err) return; /* at the next look again */
    ingest_parts_passed(passing->edge->parts, passing->message);
    answer_waiters(passing->edge, passing->message, message_of(intake)->id);
}

void ingest_http_parts_look(struct ingest_edge *edge)
{
    struct ingest_parts_left left;
    if (edge->is_passing_on || !ingest_parts_over(edge->parts, sea_clock_mono_ms(), &left)) return;
    struct ingest_intake *intake = ingest_intake_begin(edge->intakes);
    const struct sea_account *account = NULL;
    struct sea_trace trace = sea_trace_new();
    struct ingest_generic generic = {.channels = &edge->settings->channels,
                                     .source = sea_arena_str(&intake->arena, left.source),
                                     .body = sea_arena_str(&intake->arena, left.body),
                                     .alc = &intake->alc};
    sea_trace_print(&trace, intake->trace);
    intake->label = "messages";
    intake->events = 1;
    if (!ingest_generic_parse(&generic, &intake->items, &intake->problem, &account) ||
        !ingest_http_consent(edge, account, intake)) {
        /* A reload took its account or forbids to keep it; nobody was told that it was taken. */
        ingest_parts_passed(edge->parts, left.id);
        ingest_intake_drop(intake);
        return;
    }
    edge->is_passing_on = true;
    pass_on(edge, intake, account, on_left);
}
