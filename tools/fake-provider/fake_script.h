/* fake_script.h: the faults that tests ask for: rules per channel, the first that fits a call
 * decides. Pure. */
#ifndef FAKE_SCRIPT_H
#define FAKE_SCRIPT_H

#include "sea_base.h"
#include "sea_buf.h"

enum fake_channel {
    FAKE_WHATSAPP,
    FAKE_TWILIO_SMS,
    FAKE_TRANSLATE,
    FAKE_ZENDESK,
    FAKE_FRESHDESK,
    FAKE_INTERCOM,
    FAKE_MEDIA,
    FAKE_AFRICASTALKING,
    FAKE_GATEWAY,
    FAKE_LINE,
    FAKE_MESSENGER,
    FAKE_TELEGRAM,
    FAKE_SLACK,
    FAKE_CHANNELS
};
const char *fake_channel_name(enum fake_channel channel);

enum { FAKE_RULES_MAX = 64, FAKE_STATUSES_MAX = 8, FAKE_STATUS_TEXT = 16, FAKE_MATCH_TEXT = 256 };

struct fake_statuses {
    char names[FAKE_STATUSES_MAX][FAKE_STATUS_TEXT];
    size_t count;
};

/* What happens to a call; README.md explains each member under the same name. */
struct fake_rule {
    char to[FAKE_MATCH_TEXT], text[FAKE_MATCH_TEXT]; /* which calls; "" fits all */
    int64_t skip, times; /* passes the first ones by; then serves so many, 0: all */
    int64_t hits;        /* calls that fitted so far, skipped ones included */
    int64_t delay_ms, status, retry_after_s, error;
    int64_t accepted; /* -1: as the status says */
    bool silent, mangle;
    bool has_statuses;
    struct fake_statuses statuses;
    int64_t status_gap_ms, status_error;
};

struct fake_script {
    struct fake_rule rules[FAKE_CHANNELS][FAKE_RULES_MAX];
    size_t counts[FAKE_CHANNELS];
};

struct fake_script_error {
    char detail[128], field[96]; /* what is wrong, and a JSON pointer to it */
};

/* Reads {"whatsapp":[{rule}, …], …}. False, and the script untouched, when something in it is
 * wrong. */
SEA_MUST_CHECK bool fake_script_parse(struct sea_str json, struct fake_script *ret,
                                      struct fake_script_error *ret_error);

/* The rule for this call, counted; without one that fits what happens normally. */
struct fake_rule fake_script_take(struct fake_script *script, enum fake_channel channel,
                                  struct sea_str to, struct sea_str text);

/* Whether a call under that rule is accepted: logged as sent and reported on. */
bool fake_rule_accepts(const struct fake_rule *rule);

/* The rules with their hits, as JSON. */
void fake_script_print(const struct fake_script *script, struct sea_buf *ret);

#endif
