/* sea_folder.h: the configuration folder of a running service: read at the start and on SIGHUP, its
 * mistakes logged, one line each. */
#ifndef SEA_FOLDER_H
#define SEA_FOLDER_H

#include "sea_config.h"
#include "sea_settings.h"

/* Replaces *settings (NULL at first). FATAL: the folder is wrong, *settings stays as it is. */
SEA_MUST_CHECK enum sea_err sea_folder_load(struct sea_settings **settings,
                                            const struct sea_config *config);
/* The same for a service that needs no secret of a channel, source or engine: none is read. */
SEA_MUST_CHECK enum sea_err sea_folder_load_without_secrets(struct sea_settings **settings,
                                                            const struct sea_config *config);

#endif
