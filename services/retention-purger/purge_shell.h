/* purge_shell.h: retention-purger at work: what it hears, what is due, and the keys. */
#ifndef PURGE_SHELL_H
#define PURGE_SHELL_H

#include "purge_certificate.h"
#include "purge_core.h"
#include "purge_days.h"
#include "sea_app.h"
#include "sea_config.h"
#include "sea_keys.h"
#include "sea_worker.h"

struct purge_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "purge_config.def"
#undef SEA_SETTING
};

struct purge {
    struct purge_config own;
    struct sea_worker *worker;
    struct sea_keys *keys;
    struct purge_days *days;
    struct purge_signer signer;
    struct purge_rules rules;
    struct sea_arena arena;  /* of one look at the open requests */
    uint32_t heard, refused; /* requests of the transaction in hand, counted when committed */
    int64_t finish_after_ms; /* monotonic: rows were left, look again then */
    int64_t house_at_ms;     /* monotonic: next housekeeping */
    bool is_rotating;        /* wrapping keys: steps are left to do */
};

SEA_MUST_CHECK enum sea_err purge_open(struct purge *purge, struct sea_app *app,
                                       const struct sea_config *config);
void purge_close(struct purge *purge);

#endif
