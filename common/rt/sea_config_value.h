/* sea_config_value.h: the text of one setting made into its value; used by sea_config alone. */
#ifndef SEA_CONFIG_VALUE_H
#define SEA_CONFIG_VALUE_H

#include "sea_config.h"

/* Writes the value into `field`, of the type's C type; texts are copied and the caller's. On false
 * nothing is written and what was expected is added to *ret_expected. */
SEA_MUST_CHECK bool sea_config_value_parse(const struct sea_setting *setting, const char *text,
                                           void *field, struct sea_buf *ret_expected);
bool sea_config_value_is_text(enum sea_setting_type type); /* its field is a C string */
/* What may be shown of a value: of a secret its length, of an address all but its password. */
void sea_config_value_show(const struct sea_setting *setting, const char *text,
                           struct sea_buf *ret);
/* The type and range in words. */
void sea_config_value_expected(const struct sea_setting *setting, struct sea_buf *ret);

#endif
