/* sea_settings_private.h: what the loaders of the folder's files share. */
#ifndef SEA_SETTINGS_PRIVATE_H
#define SEA_SETTINGS_PRIVATE_H

#include "sea_settings.h"

struct sea_loader {
    const struct sea_settings_from *from;
    struct sea_settings *settings; /* being filled */
    struct sea_yaml_errors *errors;
};

/* A zeroed array of the settings' arena; NULL, and an error at the node, when it is full. One more
 * than `count`. */
void *sea_loader_array(struct sea_yaml_node node, uint32_t count, size_t size);

/* {value: …}, {file: …}, {env: NAME}, or a list of up to SEA_SECRETS_MAX of them. */
void sea_loader_secrets(struct sea_loader *loader, struct sea_yaml_node node,
                        struct sea_secrets *ret);
/* Text in which ${NAME} and ${NAME:-default} stand for environment variables. */
bool sea_loader_text(struct sea_loader *loader, struct sea_yaml_node node, const char **ret);
/* The same for an address of the scheme, or of the scheme with an 's' behind, without a final '/'.
 */
bool sea_loader_url(struct sea_loader *loader, struct sea_yaml_node node, const char *scheme,
                    const char **ret);
/* The market of that code; NULL: absent, or an error was added. */
const struct sea_market *sea_loader_market(struct sea_loader *loader, struct sea_yaml_node node);

/* Names stand in paths, labels and metrics. */
bool sea_loader_name(struct sea_yaml_node node, const char **ret);
void sea_loader_list(struct sea_yaml_node node, struct sea_texts *ret);
void sea_loader_channels(struct sea_yaml_node node, struct sea_texts *ret); /* that exist */

/* Texts by language, English among them, each with all of `variables`; NULL: an error was added, or
 * there are none. */
const struct sea_template_text *
sea_loader_says(struct sea_yaml_node node, const struct sea_texts *variables, uint32_t *ret_count);
/* The menu of that name; read once, however many accounts name it. NULL: absent, or an error was
 * added. */
const struct sea_menu *sea_loader_menu(struct sea_loader *loader, struct sea_yaml_node node);
/* No word of a menu may be one that a market of its account forbids (NULL: any market): its pages
 * are answered by ingest itself. */
void sea_loader_gate_menu(struct sea_loader *loader, struct sea_yaml_node node,
                          const struct sea_menu *menu, const struct sea_market *market);

void sea_load_channels(struct sea_loader *loader, struct sea_yaml_map *file);
void sea_load_routing(struct sea_loader *loader, struct sea_yaml_map *file);
void sea_load_sla(struct sea_loader *loader, struct sea_yaml_map *file);
void sea_load_inventory(struct sea_loader *loader, struct sea_yaml_map *file);
void sea_load_translation(struct sea_loader *loader, struct sea_yaml_map *file);
void sea_load_templates(struct sea_loader *loader);
void sea_load_version(struct sea_loader *loader);

#endif
