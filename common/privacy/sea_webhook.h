/* sea_webhook.h: how providers sign what they send; every rule works on the bytes as received,
 * before anything is parsed. `mac` is the account's secret: SHA-256 except for Twilio, whose is
 * SHA-1. */
#ifndef SEA_WEBHOOK_H
#define SEA_WEBHOOK_H

#include "sea_mac.h"

/* Meta (WhatsApp, Messenger, Instagram): X-Hub-Signature-256: sha256=<hex> of the body. */
bool sea_webhook_meta(struct sea_mac *mac, struct sea_str header, struct sea_str body);

/* LINE: X-Line-Signature: <base64> of the body. */
bool sea_webhook_line(struct sea_mac *mac, struct sea_str header, struct sea_str body);

/* Twilio ("Validating signatures"): X-Twilio-Signature: <base64> of the public URL with its raw
 * query, followed by each form parameter's name and value, sorted by name; of a repeated name the
 * distinct values, sorted. The URL is tried with its port (http's 80 or https' 443 when it has
 * none) and without. False also for more than 200 parameters. */
bool sea_webhook_twilio_form(struct sea_mac *mac, struct sea_str header, struct sea_str url,
                             struct sea_str body);
/* Twilio with a JSON body: the URL alone is signed, its query parameter bodySHA256 is the body's
 * SHA-256 in hex. */
bool sea_webhook_twilio_json(struct sea_mac *mac, struct sea_str header, struct sea_str url,
                             struct sea_str body);

/* Standard Webhooks 1.0: of "<id>.<timestamp>.<body>"; `signatures` is webhook-signature, a
 * blank-separated list of which one "v1,<base64>" must fit. `timestamp` may be off by `tolerance_s`
 * from `now_s`, the real time. */
struct sea_webhook_standard {
    struct sea_str id, timestamp, signatures;
};
bool sea_webhook_standard(struct sea_mac *mac, const struct sea_webhook_standard *headers,
                          struct sea_str body, int64_t now_s, int64_t tolerance_s);
enum { SEA_WEBHOOK_SIGNATURE_TEXT = 3 + 44 + 1 };
/* What stands in webhook-signature for this secret: "v1," and base64. */
void sea_webhook_standard_sign(struct sea_mac *mac, struct sea_str id, struct sea_str timestamp,
                               struct sea_str body, char ret[SEA_WEBHOOK_SIGNATURE_TEXT]);
/* Opens the mac of a Standard Webhooks secret, "whsec_" and base64 of 24 to 64 bytes. False when it
 * is none. */
SEA_MUST_CHECK bool sea_webhook_standard_open(struct sea_mac **ret, struct sea_str secret);
/* Of an account's secret: one that doesn't begin with "whsec_" is the key as it stands. */
SEA_MUST_CHECK bool sea_webhook_account_open(struct sea_mac **ret, struct sea_str secret);

#endif
