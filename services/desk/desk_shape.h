/* desk_shape.h: what the desk shows, as plain data. Empty texts, nil ids and times of 0 are absent.
 * Texts belong to whoever filled them in. */
#ifndef DESK_SHAPE_H
#define DESK_SHAPE_H

#include "desk_query.h"
#include "sea_base.h"

struct desk_translation {
    struct sea_str state; /* none pending done failed held */
    struct sea_str language, text, engine;
    bool is_machine;
    double quality; /* 0: not rated */
};

struct desk_delivery {
    struct sea_str state; /* empty: nothing is delivered */
    struct sea_str reason, channel;
    bool has_span;
    int64_t span_from, span_to; /* bytes of the text */
    int64_t release_at_ms, at_ms;
};

/* Of a message. */
struct desk_attachment {
    struct sea_str name, mime, url, media_id; /* as told; of DONE the mime as found */
    uint64_t size_bytes;                      /* 0: not told */
    struct sea_str state;                     /* pending done failed refused */
    struct sea_str reason;                    /* of the last try to fetch it */
    struct sea_uuid item_id;                  /* media-fetcher's; nil: none yet */
};

struct desk_message {
    struct sea_uuid event_id, message_id, ticket_id, conversation_id, customer_id;
    struct sea_str direction; /* in out note */
    struct sea_str channel, account, external_id, market, language, subject, text, agent;
    struct desk_translation translation;
    int64_t sent_at_ms, received_at_ms, routed_at_ms;
    int64_t seq; /* place in its conversation, from 1; 0: not asked for */
    struct desk_delivery delivery;
    struct desk_attachment *attachments;
    size_t attachments_count;
    bool is_erased; /* the key of its texts was destroyed */
};

/* A page of all messages of a customer, by whatever channel, oldest first, numbered. */
struct desk_conversation {
    struct sea_uuid customer_id;
    const struct desk_message *items;
    size_t count;
    char next[DESK_CURSOR_TEXT]; /* of the page before it in time; empty: there is none */
};

struct desk_clock {
    struct sea_str clock, state, policy;
    int64_t due_at_ms;
    bool is_withdrawn;
};

struct desk_decision {
    int64_t at_ms;
    struct sea_str by, what, reason;
};

struct desk_phone_call {
    struct sea_uuid id;
    struct sea_str direction, outcome; /* inbound outbound; empty: it goes on */
    struct sea_str agent, recording;
    int64_t rings, started_at_ms, answered_at_ms, ended_at_ms;
};

struct desk_contact {
    struct sea_str channel, account, id; /* the id masked */
};

/* What the customer last said about a class of messages at one contact. */
struct desk_allowed {
    struct sea_str channel, account, class, source;
    bool is_granted;
    int64_t at_ms;
    struct sea_str proof;
};

/* Everything in it is masked. */
struct desk_customer {
    struct sea_uuid id;
    struct sea_str name, phone, email, locale, tier, market;
    const struct desk_contact *contacts;
    size_t contacts_count;
    const struct desk_allowed *allowed;
    size_t allowed_count;
};

struct desk_ticket {
    struct sea_uuid id, conversation_id, customer_id;
    uint64_t version;
    struct sea_str status, market, zone, channel, language, queue, assignee, subject;
    int64_t priority, opened_at_ms, snoozed_until_ms;
    const struct sea_str *order_ids;
    size_t order_ids_count;
    struct sea_str issue, emotion, product_version, stage;
    const struct desk_clock *clocks;
    size_t clocks_count;
    /* In full: */
    const struct desk_message *messages;
    size_t messages_count;
    const struct desk_decision *decisions;
    size_t decisions_count;
    const struct desk_phone_call *calls; /* oldest first */
    size_t calls_count;
    const struct desk_customer *customer; /* may be NULL */
};

struct desk_milestone {
    struct sea_str name;
    int64_t at_ms;
};

struct desk_parcel_event {
    struct sea_str parcel_id, type, reason, location;
    int64_t at_ms;
};

struct desk_parcel {
    struct sea_str parcel_id, state, carrier, tracking_number;
};

struct desk_exception {
    struct sea_str class, parcel_id, reason;
    int64_t since_ms, expected_at_ms, closed_at_ms;
};

struct desk_notice {
    struct sea_str about, parcel_id, state;
    struct sea_uuid event_id;
    struct desk_delivery delivery;
};

struct desk_order {
    struct sea_str order_id, market, state;
    struct sea_uuid customer_id;
    const struct desk_milestone *milestones;
    size_t milestones_count;
    const struct desk_parcel *parcels;
    size_t parcels_count;
    const struct desk_parcel_event *events; /* of all parcels, oldest first */
    size_t events_count;
    const struct desk_exception *exceptions;
    size_t exceptions_count;
    const struct desk_notice *notices;
    size_t notices_count;
};

struct desk_step {
    int64_t at_ms, offset;
    struct sea_str service, what, topic;
    int32_t partition;
    bool has_record; /* topic, partition and offset are known */
    struct sea_uuid event_id, caused_by;
};

struct desk_story {
    struct sea_uuid event_id;
    struct sea_str type;
    const struct desk_step *steps;
    size_t steps_count;
};

struct desk_request {
    struct sea_uuid request_id, customer_id;
    struct sea_str kind, state, certificate; /* a JSON Web Signature; empty: none yet */
    struct sea_str stores;                   /* JSON: [{"store","state","rows"}] */
};

/* What is kept of a person, for themselves: nothing is masked. */
struct desk_own_contact {
    struct sea_str channel, account, id, name, phone, email, locale, tier, observance, handset,
        market, language;
    int64_t since_ms;
};

struct desk_own_ticket {
    struct sea_uuid id;
    struct sea_str status, market, channel, language, subject;
    int64_t opened_at_ms, resolved_at_ms;
    const struct sea_str *order_ids;
    size_t order_ids_count;
};

struct desk_own_order {
    struct sea_str order_id, market;
};

struct desk_export {
    struct sea_uuid request_id, customer_id;
    const struct desk_own_contact *contacts;
    size_t contacts_count;
    const struct desk_allowed *consents;
    size_t consents_count;
    const struct desk_own_ticket *tickets;
    size_t tickets_count;
    const struct desk_own_order *orders;
    size_t orders_count;
    const struct desk_phone_call *calls;
    size_t calls_count;
    const struct sea_str *certificates; /* of erasures */
    size_t certificates_count;
    const struct desk_message *messages; /* oldest first */
    size_t messages_count;
};

struct desk_presence {
    struct sea_str user, name, state;
    int64_t weight, load;
    struct sea_str limits; /* phone=1,chat=3 */
};

#endif
