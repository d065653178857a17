/* ingest_http.h: what the calls of the edge share: beginnings, refusals, answers. */
#ifndef INGEST_HTTP_H
#define INGEST_HTTP_H

#include "ingest_adapter.h"
#include "ingest_edge.h"
#include "sea_visitor.h"

enum { INGEST_TYPING_MAX = 4096 };

/* Labels of the metrics are constant texts: a channel's name, or "events", "messages",
 * "typing", "unknown". */

/* A new intake for the request; NULL: too much waits already, and that was answered. */
struct ingest_intake *ingest_http_begin(struct ingest_edge *edge,
                                        struct sea_http_exchange *exchange,
                                        const struct sea_http_request *request, const char *label);

/* The token of an Authorization: Bearer; empty: there is none. */
struct sea_str ingest_http_bearer(const struct sea_http_request *request);
void ingest_http_count_refusal(const char *label, const char *reason);
/* Without a body: who isn't known learns nothing but the scheme by which to say who they are (RFC
 * 9110 §15.5.2). */
void ingest_http_refuse_silently(struct sea_http_exchange *exchange, const char *label,
                                 const char *reason, const char *scheme);
/* Whose request it is, by Bearer key or Standard Webhooks signature, within its rate; NULL: it was
 * answered. */
const struct sea_source *ingest_http_publisher(const struct ingest_edge *edge,
                                               struct sea_http_exchange *exchange,
                                               const struct sea_http_request *request,
                                               const char *label);
/* A page of any site may read the answer (Fetch, CORS): what is asked for needs a token, and no
 * cookie counts. */
void ingest_http_any_site(struct sea_http_exchange *exchange);
/* Whether a Bearer token may be a visitor's session: it begins as JSON in base64url does, and is no
 * publisher's key. */
bool ingest_http_is_session(const struct ingest_edge *edge, struct sea_str token);
/* The intake of a visitor's request, within their rate; NULL: it was answered. */
struct ingest_intake *ingest_http_visit(struct ingest_edge *edge,
                                        struct sea_http_exchange *exchange,
                                        const struct sea_http_request *request,
                                        struct sea_str token, struct sea_visitor *ret);
void ingest_http_too_fast(struct sea_http_exchange *exchange, const char *label, uint32_t wait_s);
void ingest_http_not_found(struct sea_http_exchange *exchange);
/* Answers and counts it. */
void ingest_http_answer_problem(struct sea_http_exchange *exchange, const char *label,
                                const struct ingest_problem *problem);
/* Answers 503 and drops the intake. */
void ingest_http_unavailable(struct ingest_intake *intake);
/* Answers intake->problem and drops the intake. */
void ingest_http_refuse(struct ingest_intake *intake);
/* When publishing failed: answers that, and is true. */
bool ingest_http_failed(struct ingest_intake *intake, enum sea_err err);
/* What was published is a dead letter: the sender sees what an unknown account would answer. */
void ingest_http_quarantined(struct ingest_intake *intake, enum sea_err err);

/* Answers a publisher's request: the ids of what was accepted, or why it wasn't. */
void ingest_http_published(struct ingest_intake *intake, enum sea_err err);
/* Without consent nothing of the message (the intake's only item) is kept where its market demands
 * it: false, with the problem. With it, the consent goes first. */
SEA_MUST_CHECK bool ingest_http_consent(const struct ingest_edge *edge,
                                        const struct sea_account *account,
                                        struct ingest_intake *intake);
/* A part of a message (the intake's last item): answered when the message is on the log, or to be
 * sent again. */
void ingest_http_part(struct ingest_edge *edge, const struct sea_source *publisher,
                      const struct sea_account *account, struct sea_str body,
                      struct ingest_intake *intake);

/* The calls; the context is the edge. */
sea_http_handler ingest_http_events, ingest_http_handshake, ingest_http_rejects,
    ingest_http_messages, ingest_http_typing, ingest_http_preflight, ingest_http_notice,
    ingest_http_widget, ingest_http_webhook, ingest_http_challenge;

#endif
