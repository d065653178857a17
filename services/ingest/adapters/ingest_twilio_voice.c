/* ingest_twilio_voice.c: Twilio's calls: voice requests, status callbacks and recording status
 * callbacks (Twilio, "TwiML Voice: your request to Twilio", "StatusCallback", "Recording status
 * callbacks"): forms signed with the account's auth token. Nobody is answered here: what a call
 * does is said by TwiML elsewhere. */
#include <stdio.h>
#include <string.h>

#include "ingest_adapter.h"
#include "sea_enc.h"
#include "seadesk/v1/calls.pb-c.h"

/* queued, initiated: nobody rings yet. */
static const struct ingest_word STATES[] = {
    {"ringing", SEADESK__V1__CALL_STATE__CALL_RINGING},
    {"in-progress", SEADESK__V1__CALL_STATE__CALL_TAKEN},
    {"answered", SEADESK__V1__CALL_STATE__CALL_TAKEN},
};
static const struct ingest_word OUTCOMES[] = {
    {"completed", SEADESK__V1__CALL_OUTCOME__CALL_ANSWERED},
    {"busy", SEADESK__V1__CALL_OUTCOME__CALL_BUSY},
    {"no-answer", SEADESK__V1__CALL_OUTCOME__CALL_MISSED},
    {"canceled", SEADESK__V1__CALL_OUTCOME__CALL_MISSED},
    {"failed", SEADESK__V1__CALL_OUTCOME__CALL_FAILED},
};

/* "Sun, 22 Nov 2026 08:15:00 +0000" (RFC 2822, always so wide); 0: it is none. */
static int64_t time_of(struct sea_str text)
{
    static const char MONTHS[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
    char iso[40];
    int64_t ms = 0;
    const char *at = text.ptr, *month = NULL;
    if (text.len == 31) month = memmem(MONTHS, sizeof(MONTHS) - 1, at + 8, 4);
    if (!month) return 0;
    snprintf(iso, sizeof(iso), "%.4s-%02u-%.2sT%.8s%.3s:%.2s", at + 12,
             (unsigned)(month - MONTHS) / 4 + 1, at + 5, at + 17, at + 26, at + 29);
    return sea_time_parse(sea_str(iso), &ms) ? ms : 0;
}

static struct sea_str field(const struct ingest_webhook *hook, const char *name,
                            struct ingest_items *items)
{
    return ingest_form_text(hook->body, name, items->arena);
}

/* Told without numbers, and perhaps long after the call's end. */
static void read_recording(const struct ingest_webhook *hook, struct sea_str sid,
                           struct ingest_items *items)
{
    struct sea_str recording = field(hook, "RecordingSid", items);
    if (!sea_str_is(field(hook, "RecordingStatus", items), "completed")) {
        ingest_ignore(items, "recording");
        return;
    }
    struct ingest_item *item =
        ingest_found_call(hook, items, SEADESK__V1__CALL_STATE__CALL_RECORDED, sid, recording,
                          (struct sea_str){NULL, 0});
    if (!item) return;
    item->time_ms = time_of(field(hook, "RecordingStartTime", items));
    item->call.recording = recording;
}

static void read_end(struct ingest_call *call, int64_t at_ms, struct sea_str seconds, int outcome)
{
    uint64_t duration_s = 0;
    bool is_timed = sea_str_u64(seconds, &duration_s) && duration_s < 1000000;
    call->outcome = outcome;
    call->ended_at_ms = at_ms;
    if (outcome == SEADESK__V1__CALL_OUTCOME__CALL_ANSWERED && is_timed && at_ms)
        call->answered_at_ms = at_ms - (int64_t)duration_s * 1000;
}

/* The caller hides their number: Twilio puts these in its place
 * (help.twilio.com/articles/223179988: the words' digits on a telephone's keys). */
static bool is_hidden(struct sea_str number)
{
    static const char *const STANDINS[] = {"+266696687",   "+7378742833", "+2562533",
                                           "+86282452253", "+8656696",    "anonymous"};
    for (size_t i = 0; i < SEA_COUNT(STANDINS); i++)
        if (sea_str_is(number, STANDINS[i])) return true;
    return false;
}

static void read_call(const struct ingest_webhook *hook, struct sea_str sid, struct sea_str status,
                      struct ingest_items *items)
{
    int state = ingest_word_of(STATES, SEA_COUNT(STATES), status, 0),
        outcome = ingest_word_of(OUTCOMES, SEA_COUNT(OUTCOMES), status, 0);
    bool is_outbound = sea_str_starts(field(hook, "Direction", items), "outbound");
    struct sea_str number = field(hook, is_outbound ? "To" : "From", items);
    if (is_hidden(number)) number = (struct sea_str){NULL, 0};
    if (!state && !outcome) {
        ingest_ignore(items, "status");
        return;
    }
    struct ingest_item *item = ingest_found_call(hook, items, state, sid, status, number);
    if (!item) return;
    item->time_ms = time_of(field(hook, "Timestamp", items));
    item->call.direction = is_outbound ? SEADESK__V1__CALL_DIRECTION__CALL_OUTBOUND
                                       : SEADESK__V1__CALL_DIRECTION__CALL_INBOUND;
    item->call.recording = field(hook, "RecordingSid", items);
    if (outcome) read_end(&item->call, item->time_ms, field(hook, "CallDuration", items), outcome);
}

static bool parse(const struct ingest_webhook *hook, struct ingest_items *items,
                  struct ingest_reply *reply, struct ingest_problem *problem)
{
    struct sea_str sid = field(hook, "CallSid", items), status = field(hook, "CallStatus", items);
    if (!ingest_is_id(sid))
        return ingest_refuse(problem, 422, "invalid", "CallSid is missing or too long", "/CallSid");
    bool is_recording = field(hook, "RecordingStatus", items).len > 0;
    if (is_recording || field(hook, "CallbackSource", items).len)
        *reply = (struct ingest_reply){.status = 204}; /* a callback wants no TwiML */
    if (is_recording)
        read_recording(hook, sid, items);
    else
        read_call(hook, sid, status, items);
    return true;
}

const struct ingest_adapter ingest_twilio_voice = {
    .secret = INGEST_SECRET_SHA1,
    .bodies = INGEST_FORM,
    .proof = {"x-twilio-signature"},
    .verify = ingest_verify_twilio,
    .parse = parse,
    .reply = {.content_type = "text/xml", .body = {INGEST_TWIML, sizeof(INGEST_TWIML) - 1}},
};
