/* sea_config.h: settings from environment variables SEADESK_…, each declared once in a .def table.
 *
 * A row: SEA_SETTING(field, NAME, type, default, range, help)
 *   NAME     the variable is SEADESK_NAME; a service's own begin with its name: INGEST_…
 *   type     STR, INT, BOOL (true, false), DURATION (250ms 10s 5m 2h 7d; in the field:
 * milliseconds), BYTES (512B 64KiB 4MiB 1GiB; in the field: bytes), URL, LISTEN (host:port, :0),
 * SECRET (also from a file, SEADESK_NAME_FILE), ENUM (in the field: the index of the choice)
 *   default  as text; "" leaves a STR, URL, LISTEN or SECRET empty; NULL: whoever uses it must be
 * given it range    "least..most" of the value, of a STR or SECRET of its length; of a URL
 * "scheme|scheme"; of an ENUM "choice|choice"; "" for none
 *
 * A service makes its struct and its rows from its table <short>_config.def so:
 *
 *     struct ingest_config {
 *     #define SEA_SETTING SEA_SETTING_FIELD
 *     #include "ingest_config.def"
 *     #undef SEA_SETTING
 *     };
 *     static const struct sea_setting rows[] = {
 *     #define SEA_SETTING(...) SEA_SETTING_ROW(struct ingest_config, __VA_ARGS__)
 *     #include "ingest_config.def"
 *     #undef SEA_SETTING
 *     };
 */
#ifndef SEA_CONFIG_H
#define SEA_CONFIG_H

#include "sea_base.h"
#include "sea_buf.h"

enum sea_setting_type {
    SEA_SETTING_STR,
    SEA_SETTING_INT,
    SEA_SETTING_BOOL,
    SEA_SETTING_DURATION,
    SEA_SETTING_BYTES,
    SEA_SETTING_URL,
    SEA_SETTING_LISTEN,
    SEA_SETTING_SECRET,
    SEA_SETTING_ENUM,
};

/* The C type of each type's field. Texts are never NULL. */
typedef const char *sea_setting_STR, *sea_setting_URL, *sea_setting_LISTEN, *sea_setting_SECRET;
typedef int64_t sea_setting_INT, sea_setting_DURATION, sea_setting_BYTES;
typedef bool sea_setting_BOOL;
typedef int sea_setting_ENUM;

struct sea_setting {
    const char *name; /* without SEADESK_ */
    enum sea_setting_type type;
    size_t offset; /* of its field */
    const char *standard, *range, *help;
};

#define SEA_SETTING_FIELD(field, NAME, type, standard, range, help) sea_setting_##type field;
#define SEA_SETTING_ROW(owner, field, NAME, type, standard, range, help)                           \
    {#NAME, SEA_SETTING_##type, offsetof(owner, field), standard, range, help},

enum sea_mode { SEA_MODE_DEVELOPMENT, SEA_MODE_PRODUCTION };

/* The settings that several programs share: sea_config_common.def. */
struct sea_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "sea_config_common.def"
#undef SEA_SETTING
};

/* What a program has of its own; its row in sea_services.def says which common settings it needs
 * and their defaults. */
struct sea_config_program {
    const char *name; /* ingest, sla-timer, … */
    const struct sea_setting *rows;
    size_t count;
    void *target; /* where the rows' fields are; written by sea_config_load */
};

/* Reads `env` ("NAME=value" texts, NULL at the end). On success the fields own copies until
 * sea_config_free. Otherwise FATAL, nothing is owned, and *ret_problems has one line per mistake,
 * naming the variable, the value and what was expected; no secret stands in it. A SEADESK_ name
 * that no program of the suite knows is a mistake. */
SEA_MUST_CHECK enum sea_err sea_config_load(const struct sea_config_program *program,
                                            char *const *env, struct sea_config *ret,
                                            struct sea_buf *ret_problems);
/* Frees what load copied; secrets are overwritten first. */
void sea_config_free(const struct sea_config_program *program, struct sea_config *config);

/* For --explain: every setting of the program with what it is now and where that comes from. */
void sea_config_explain(const struct sea_config_program *program, char *const *env,
                        struct sea_buf *ret);
/* A table for docs/config.md. */
void sea_config_markdown(const struct sea_setting *rows, size_t count, struct sea_buf *ret);

/* The common rows. */
extern const struct sea_setting sea_config_rows[];
extern const size_t sea_config_rows_count;

/* A program of the suite. Texts are never NULL; `listen` "" for one without a listener. */
struct sea_service {
    const char *name, *listen, *admin_listen;
    const char *uses; /* names of the common settings it reads, with blanks between */
    const char *about;
};
extern const struct sea_service sea_services[];
extern const size_t sea_services_count;
const struct sea_service *sea_service_find(struct sea_str name); /* NULL when there is none */

#endif
