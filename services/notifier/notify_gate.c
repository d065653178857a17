/* notify_gate.c: the questions in the order of their finality: never, not in these words, not now.
 */
#include "notify_gate.h"

bool notify_gate_needs_consent(enum sea_message_class class)
{
    return class == SEA_CLASS_SERVICE || class == SEA_CLASS_MARKETING;
}

static bool marketing_consents(const struct notify_case *about)
{
    const struct notify_consent *consent = &about->consent;
    if (consent->is_service_refused || consent->is_marketing_refused) return false;
    if (consent->marketing_granted_at_ms > 0)
        return consent->marketing_granted_at_ms > consent->refused_at_ms;
    return about->marketing != SEA_CONSENT_OPT_IN && consent->refused_at_ms == 0;
}

bool notify_gate_consents(const struct notify_case *about)
{
    const struct notify_consent *consent = &about->consent;
    switch (about->class) {
    case SEA_CLASS_LEGAL:
        return true;
    case SEA_CLASS_MARKETING:
        return marketing_consents(about);
    case SEA_CLASS_SERVICE:
        return !consent->is_service_refused;
    case SEA_CLASS_REPLY:
    case SEA_CLASS_AUTO: /* answers to what the customer wrote after STOP stay allowed */
        return !consent->is_service_refused || about->last_inbound_ms > consent->refused_at_ms;
    case SEA_CLASS_INTERNAL:
    case SEA_CLASS_COUNT:
        return false;
    }
    return false;
}

static struct notify_decision decided(enum notify_verdict verdict, const char *reason)
{
    return (struct notify_decision){.verdict = verdict, .reason = reason};
}

static bool is_within(int64_t now_ms, int64_t since_ms, int64_t length_ms)
{
    return since_ms > 0 && now_ms - since_ms < length_ms;
}

/* The newest inbound is known of the first rung's channel only. */
static bool is_window_open(const struct notify_case *about, int64_t now_ms)
{
    return !sea_adapter_has_window(about->adapter) ||
           (about->rung == 0 &&
            is_within(now_ms, about->last_inbound_ms, NOTIFY_WINDOW_MS - NOTIFY_WINDOW_MARGIN_MS));
}

static bool passes_hours(const struct notify_case *about, int64_t now_ms)
{
    if (about->class == SEA_CLASS_LEGAL) return true;
    return (about->class == SEA_CLASS_REPLY || about->class == SEA_CLASS_AUTO) &&
           is_within(now_ms, about->last_inbound_ms, NOTIFY_LIVE_SESSION_MS);
}

static struct notify_decision decide_hours(const struct notify_case *about, int64_t now_ms)
{
    struct notify_decision send = decided(NOTIFY_SEND, NULL);
    int64_t open_ms = now_ms;
    if (passes_hours(about, now_ms)) return send;
    bool is_ever = sea_market_next_contact(about->market, about->class, about->zones,
                                           about->zone_count, now_ms, &open_ms);
    if (is_ever && open_ms <= now_ms) return send;
    if (about->is_urgent) {
        send.is_urgent_pass = true;
        return send;
    }
    if (!is_ever) return decided(NOTIFY_DROP, "no_contact_hours");
    if (about->expires_at_ms > 0 && open_ms >= about->expires_at_ms)
        return decided(NOTIFY_DROP, "expired");
    struct notify_decision hold = decided(NOTIFY_HOLD, "quiet_hours");
    hold.release_at_ms = open_ms;
    return hold;
}

struct notify_decision notify_gate(const struct notify_case *about, int64_t now_ms)
{
    sea_assert(about->market != NULL);
    sea_assert(about->zone_count > 0);
    if (about->is_erased) return decided(NOTIFY_DROP, "erased");
    if (about->withdrawn != NULL) return decided(NOTIFY_DROP, about->withdrawn);
    if (about->expires_at_ms > 0 && now_ms >= about->expires_at_ms)
        return decided(NOTIFY_DROP, "expired");
    if (about->class == SEA_CLASS_INTERNAL) return decided(NOTIFY_DROP, "internal");
    if (!notify_gate_consents(about)) return decided(NOTIFY_DROP, "consent");
    if (about->not_before_ms > now_ms) {
        struct notify_decision hold = decided(NOTIFY_HOLD, "not_before");
        hold.release_at_ms = about->not_before_ms;
        return hold;
    }
    bool is_open = is_window_open(about, now_ms);
    bool has_template = about->has_template && about->adapter == SEA_ADAPTER_WHATSAPP;
    if (!is_open && !has_template) return decided(NOTIFY_RETURN, "window_closed");
    struct notify_decision decision = decide_hours(about, now_ms);
    decision.must_be_template = decision.verdict == NOTIFY_SEND && !is_open;
    return decision;
}
