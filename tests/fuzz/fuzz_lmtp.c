/* fuzz_lmtp.c: any bytes in a conversation of LMTP, in pieces of any length: its answers are lines,
 * its memory is bounded and given back. Input: a byte for the pieces, then what the client says. */
#include <stdlib.h>
#include <string.h>

#include "ingest_lmtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 2000 };

static enum ingest_lmtp_outcome has(void *ctx, struct sea_str address)
{
    char mailbox[INGEST_LMTP_ADDRESS_MAX];
    (void)ctx;
    return ingest_lmtp_mailbox(address, mailbox) ? INGEST_LMTP_TAKEN : INGEST_LMTP_UNKNOWN;
}

static void check(struct ingest_lmtp *lmtp)
{
    const struct sea_buf *out = &lmtp->out;
    sea_assert(!out->is_full && lmtp->message.len <= MESSAGE_MAX);
    sea_assert(!out->len || (out->len > 1 && memcmp(out->ptr + out->len - 2, "\r\n", 2) == 0));
    sea_assert(lmtp->recipients_count <= INGEST_LMTP_RECIPIENTS_MAX);
    sea_assert(lmtp->budget->used_bytes == lmtp->message.len);
    if (lmtp->state == INGEST_LMTP_WHOLE) ingest_lmtp_done(lmtp, INGEST_LMTP_TAKEN);
    sea_buf_reset(&lmtp->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ingest_lmtp_budget budget = {.max_bytes = MESSAGE_MAX};
    struct ingest_lmtp *lmtp = sea_alloc(sizeof(*lmtp));
    size_t step = size ? data[0] + 1u : 1;
    lmtp->has = has;
    lmtp->budget = &budget;
    lmtp->message_max_bytes = MESSAGE_MAX;
    ingest_lmtp_open(lmtp);
    for (size_t taken = 1, came = 1; came < size && lmtp->state != INGEST_LMTP_OVER;) {
        came = came + step < size ? came + step : size;
        taken += ingest_lmtp_feed(lmtp, (struct sea_str){(const char *)data + taken, came - taken});
        check(lmtp);
    }
    ingest_lmtp_close(lmtp);
    sea_assert(budget.used_bytes == 0);
    free(lmtp);
    return 0;
}
