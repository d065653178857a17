/* sea_settings.h: the configuration folder, loaded whole or not at all, and immutable once loaded.
 */
#ifndef SEA_SETTINGS_H
#define SEA_SETTINGS_H

#include "sea_channels.h"
#include "sea_example.h"
#include "sea_inventory.h"
#include "sea_market.h"
#include "sea_menu.h"
#include "sea_routing.h"
#include "sea_sla.h"
#include "sea_template.h"
#include "sea_yaml.h"

/* translation.yaml: the engine (LibreTranslate's API). */
struct sea_translation {
    const char *name; /* told with every translation */
    const char *url;  /* without /translate and a final '/' */
    struct sea_secrets api_key;
    int64_t timeout_ms;
    uint32_t in_flight; /* calls at a time */
};

struct sea_settings {
    struct sea_arena arena; /* holds everything below */
    struct sea_markets markets;
    struct sea_channels channels;
    struct sea_routing routing;
    struct sea_sla sla;
    struct sea_templates templates;
    struct sea_menus menus;
    struct sea_inventory inventory;
    struct sea_translation translation;
    char version[17];             /* of the folder's contents; approvals and replies bind to it */
    struct sea_examples examples; /* what a company must still decide, for `seadesk check` */
};

struct sea_settings_from {
    const char *folder;                   /* SEADESK_CONFIG */
    bool is_production;                   /* refuses demo credentials */
    const char *(*env)(const char *name); /* NULL: the process's environment */
    bool without_secrets; /* for who verifies and sends nothing: no secret is read or asked for */
};

/* False: *ret is untouched, and `errors` has a line for every mistake found: file:line:column:
 * text, expected … */
SEA_MUST_CHECK bool sea_settings_open(const struct sea_settings_from *from,
                                      struct sea_yaml_errors *errors, struct sea_settings **ret);
void sea_settings_close(struct sea_settings **settings); /* secrets are overwritten */

#endif
