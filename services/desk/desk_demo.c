/* desk_demo.c: the demo's users and their password (design.md section 3). */
#include "desk_demo.h"

#include "desk.h"
#include "desk_store.h"
#include "sea_log.h"

static const struct desk_new_account USERS[] = {
    {"ana", "agent", "Ana", "1001", "en,pt,es", ""},
    {"wei", "agent", "Wei", "1002", "en,zh,ja", "native-ja"},
    {"sup", "supervisor", "Sam", "1003", "en", ""},
};

enum sea_err desk_demo_make(struct desk *desk)
{
    char hash[DESK_HASH_TEXT];
    if (desk->config->mode == SEA_MODE_PRODUCTION) return SEA_OK;
    for (size_t i = 0; i < SEA_COUNT(USERS); i++) {
        bool is_there = false;
        enum sea_err err = desk_store_has_account(desk, USERS[i].user, &is_there);
        if (err) return err;
        if (is_there) continue;
        err = desk_password_hash(SEA_STR("demo-demo-demo"), desk->own.password_passes,
                                 desk->own.password_memory, hash);
        if (!err) err = desk_store_demo_account(desk, &USERS[i], hash);
        if (err) return err;
        sea_log(SEA_LOG_INFO, "demo user made", SEA_F_STR("user", USERS[i].user));
    }
    return SEA_OK;
}
