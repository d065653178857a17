/* sea_config_suite.h: every setting's name that any program of the suite knows, so that one
 * environment serves all; used by sea_config alone. Names are without SEADESK_. */
#ifndef SEA_CONFIG_SUITE_H
#define SEA_CONFIG_SUITE_H

#include <stdbool.h>

bool sea_config_suite_knows(const char *name);
bool sea_config_suite_knows_secret(const char *name);   /* one that may come from a file */
const char *sea_config_suite_nearest(const char *name); /* within two typing mistakes, or NULL */

#endif
