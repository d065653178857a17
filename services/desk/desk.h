/* desk.h: what one desk process holds. */
#ifndef DESK_H
#define DESK_H

#include "desk_call.h"
#include "sea_app.h"
#include "sea_config.h"
#include "sea_http_server.h"
#include "sea_kafka.h"
#include "sea_keys.h"
#include "sea_pg.h"
#include "sea_redis.h"
#include "sea_settings.h"
#include "sea_tail.h"

struct desk_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "desk_config.def"
#undef SEA_SETTING
};

struct desk {
    const struct sea_config *config;
    struct desk_config own;
    struct sea_app *app;
    struct sea_settings *settings;
    struct sea_pg *pg;
    struct sea_keys *keys;
    struct sea_redis *redis;
    struct sea_http_server *server;
    struct desk_publisher *publisher; /* desk_publish.h */
    struct desk_passwords *passwords; /* desk_password.h */
    struct desk_stream *stream;       /* desk_stream.h */
    struct desk_typing *typing;       /* desk_typing.h */
    struct desk_forget *forget;       /* desk_forget.h */
    /* As of the last look: */
    bool is_broker_up, are_keys_up, is_postgres_up, is_schema_known, has_demo_users;
};

#endif
