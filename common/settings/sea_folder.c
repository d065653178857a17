/* sea_folder.c: the configuration folder with its mistakes in the log. */
#include "sea_folder.h"

#include <string.h>

#include "sea_log.h"

static void log_errors(const struct sea_yaml_errors *errors)
{
    struct sea_str rest = sea_buf_view(&errors->lines);
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct sea_str line = {rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len};
        size_t used = end != NULL ? line.len + 1 : line.len;
        sea_log(SEA_LOG_ERROR, "configuration is wrong", SEA_F_STR("cause", line));
        rest = (struct sea_str){rest.ptr + used, rest.len - used};
    }
}

static enum sea_err load(struct sea_settings **settings, const struct sea_config *config,
                         bool without_secrets)
{
    struct sea_settings *loaded = NULL;
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings_from from = {.folder = config->config,
                                     .is_production = config->mode == SEA_MODE_PRODUCTION,
                                     .without_secrets = without_secrets};
    bool is_good = sea_settings_open(&from, &errors, &loaded);
    if (!is_good) log_errors(&errors);
    sea_yaml_errors_free(&errors);
    if (!is_good) return SEA_ERR_FATAL;
    sea_settings_close(settings);
    *settings = loaded;
    return SEA_OK;
}

enum sea_err sea_folder_load(struct sea_settings **settings, const struct sea_config *config)
{
    return load(settings, config, false);
}

enum sea_err sea_folder_load_without_secrets(struct sea_settings **settings,
                                             const struct sea_config *config)
{
    return load(settings, config, true);
}
