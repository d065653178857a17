/* sea_config.c: settings read from the environment into structs, and every mistake named. */
#include "sea_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_config_suite.h"
#include "sea_config_value.h"

enum { SECRET_FILE_BYTES = 64 * 1024, NAME_BYTES = 64 };

static const char prefix[] = "SEADESK_";

static const char *find_env(char *const *env, const char *name, const char *suffix)
{
    char whole[sizeof prefix + NAME_BYTES + sizeof "_FILE"];
    int len = snprintf(whole, sizeof whole, "%s%s%s=", prefix, name, suffix);
    sea_assert(len > 0 && (size_t)len < sizeof whole);
    for (; *env != NULL; env++) {
        if (strncmp(*env, whole, (size_t)len) == 0) return *env + len;
    }
    return NULL;
}

/* The file's text without white space at its end; the caller frees. NULL: `*ret_cause` says why. */
static char *read_file(const char *path, const char **ret_cause)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *ret_cause = strerror(errno);
        return NULL;
    }
    char *text = sea_alloc(SECRET_FILE_BYTES + 1);
    size_t len = fread(text, 1, SECRET_FILE_BYTES, file);
    bool is_broken = ferror(file) != 0, is_whole = feof(file) != 0;
    fclose(file);
    if (is_broken || !is_whole || strlen(text) != len) {
        *ret_cause = is_broken ? "cannot be read" : is_whole ? "holds a NUL byte" : "is too large";
        explicit_bzero(text, len);
        free(text);
        return NULL;
    }
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) text[--len] = '\0';
    return text;
}

static const struct sea_setting *find_row(const struct sea_setting *rows, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    }
    return NULL;
}

/* What holds where nothing was set; the listeners' defaults are the program's. */
static const char *standard_of(const struct sea_config_program *program,
                               const struct sea_setting *setting)
{
    const struct sea_service *service = sea_service_find(sea_str(program->name));
    if (service != NULL && strcmp(setting->name, "LISTEN") == 0) return service->listen;
    if (service != NULL && strcmp(setting->name, "ADMIN_LISTEN") == 0) return service->admin_listen;
    return setting->standard;
}

static bool is_used(const struct sea_config_program *program, const struct sea_setting *setting)
{
    const struct sea_service *service = sea_service_find(sea_str(program->name));
    if (find_row(sea_config_rows, sea_config_rows_count, setting->name) != setting) return true;
    if (service == NULL) return true;
    static const char always[] = " MODE LOG_LEVEL ADMIN_LISTEN TLS_PROXY CRASH_AT ";
    char name[NAME_BYTES + 2], uses[512];
    snprintf(name, sizeof name, " %s ", setting->name);
    int len = snprintf(uses, sizeof uses, " %s ", service->uses);
    sea_assert(len > 0 && (size_t)len < sizeof uses);
    return strstr(always, name) != NULL || strstr(uses, name) != NULL;
}

static void parse_value(const struct sea_setting *setting, const char *text,
                        const char *variable_suffix, void *target, struct sea_buf *problems)
{
    struct sea_buf expected = SEA_BUF(1024);
    if (!sea_config_value_parse(setting, text, (char *)target + setting->offset, &expected)) {
        sea_buf_printf(problems, "%s%s%s: ", prefix, setting->name, variable_suffix);
        sea_config_value_show(setting, text, problems);
        sea_buf_printf(problems, " is not %s\n", expected.ptr);
    }
    sea_buf_free(&expected);
}

static void load_file(const struct sea_setting *setting, const char *path, void *target,
                      struct sea_buf *problems)
{
    const char *cause = NULL;
    char *text = read_file(path, &cause);
    if (text == NULL) {
        sea_buf_printf(problems, "%s%s_FILE: %s: %s\n", prefix, setting->name, path, cause);
        return;
    }
    parse_value(setting, text, "_FILE", target, problems);
    explicit_bzero(text, strlen(text));
    free(text);
}

static void load_setting(const struct sea_config_program *program,
                         const struct sea_setting *setting, char *const *env, void *target,
                         struct sea_buf *problems)
{
    const char *text = find_env(env, setting->name, ""), *path = NULL;
    if (setting->type == SEA_SETTING_SECRET) path = find_env(env, setting->name, "_FILE");
    if (text != NULL && path != NULL) {
        sea_buf_printf(problems, "%s%s and %s%s_FILE are both set: one of them is expected\n",
                       prefix, setting->name, prefix, setting->name);
        return;
    }
    if (path != NULL) {
        load_file(setting, path, target, problems);
        return;
    }
    if (text == NULL) text = standard_of(program, setting);
    if (text != NULL) {
        parse_value(setting, text, "", target, problems);
    } else if (is_used(program, setting)) {
        sea_buf_printf(problems, "%s%s is not set: %s\n", prefix, setting->name, setting->help);
    }
}

static bool is_known(const struct sea_config_program *program, const char *name)
{
    return find_row(program->rows, program->count, name) != NULL || sea_config_suite_knows(name);
}

static void check_names(const struct sea_config_program *program, char *const *env,
                        struct sea_buf *problems)
{
    for (; *env != NULL; env++) {
        char name[NAME_BYTES];
        if (strncmp(*env, prefix, strlen(prefix)) != 0) continue;
        const char *start = *env + strlen(prefix);
        size_t len = strcspn(start, "=");
        snprintf(name, sizeof name, "%.*s", (int)len, start);
        if (len < sizeof name && is_known(program, name)) continue;
        if (len > 5 && len < sizeof name && strcmp(name + len - 5, "_FILE") == 0) {
            name[len - 5] = '\0';
            const struct sea_setting *own = find_row(program->rows, program->count, name);
            if (own != NULL ? own->type == SEA_SETTING_SECRET : sea_config_suite_knows_secret(name))
                continue;
        }
        const char *near = sea_config_suite_nearest(name);
        sea_buf_printf(problems, "%s%.*s: there is no such setting%s%s%s\n", prefix, (int)len,
                       start, near != NULL ? "; did you mean " : "", near != NULL ? prefix : "",
                       near != NULL ? near : "");
    }
}

/* Settings that were not set and have no default are empty, never NULL. */
static void clear(const struct sea_setting *rows, size_t count, void *target)
{
    for (size_t i = 0; i < count; i++) {
        if (!sea_config_value_is_text(rows[i].type)) continue;
        *(const char **)((char *)target + rows[i].offset) = NULL;
    }
}

static void fill(const struct sea_setting *rows, size_t count, void *target)
{
    for (size_t i = 0; i < count; i++) {
        if (!sea_config_value_is_text(rows[i].type)) continue;
        const char **field = (const char **)((char *)target + rows[i].offset);
        if (*field == NULL) *field = sea_strdup("");
    }
}

static void release(const struct sea_setting *rows, size_t count, void *target)
{
    for (size_t i = 0; i < count; i++) {
        if (!sea_config_value_is_text(rows[i].type)) continue;
        char **field = (char **)((char *)target + rows[i].offset);
        if (*field != NULL) explicit_bzero(*field, strlen(*field));
        free(*field);
        *field = NULL;
    }
}

enum sea_err sea_config_load(const struct sea_config_program *program, char *const *env,
                             struct sea_config *ret, struct sea_buf *ret_problems)
{
    size_t before = ret_problems->len;
    clear(sea_config_rows, sea_config_rows_count, ret);
    clear(program->rows, program->count, program->target);
    check_names(program, env, ret_problems);
    for (size_t i = 0; i < sea_config_rows_count; i++) {
        load_setting(program, &sea_config_rows[i], env, ret, ret_problems);
    }
    for (size_t i = 0; i < program->count; i++) {
        load_setting(program, &program->rows[i], env, program->target, ret_problems);
    }
    fill(sea_config_rows, sea_config_rows_count, ret);
    fill(program->rows, program->count, program->target);
    if (ret_problems->len == before) return SEA_OK;
    sea_config_free(program, ret);
    return SEA_ERR_FATAL;
}

void sea_config_free(const struct sea_config_program *program, struct sea_config *config)
{
    release(sea_config_rows, sea_config_rows_count, config);
    release(program->rows, program->count, program->target);
}

static void explain(const struct sea_config_program *program, const struct sea_setting *setting,
                    char *const *env, struct sea_buf *ret)
{
    const char *text = find_env(env, setting->name, ""), *standard = standard_of(program, setting);
    const char *path =
        setting->type == SEA_SETTING_SECRET ? find_env(env, setting->name, "_FILE") : NULL;
    sea_buf_printf(ret, "%s%s = ", prefix, setting->name);
    if (text != NULL) {
        sea_config_value_show(setting, text, ret);
        sea_buf_text(ret, "  [environment]");
    } else if (path != NULL) {
        sea_buf_printf(ret, "(the text of %s)  [%s%s_FILE]", path, prefix, setting->name);
    } else if (standard != NULL) {
        sea_buf_printf(ret, "%s  [default]", standard);
    } else {
        sea_buf_text(ret, "  [not set, no default]");
    }
    sea_buf_text(ret, "\n    ");
    sea_config_value_expected(setting, ret);
    sea_buf_printf(ret, ". %s\n", setting->help);
}

void sea_config_explain(const struct sea_config_program *program, char *const *env,
                        struct sea_buf *ret)
{
    for (size_t i = 0; i < sea_config_rows_count; i++) {
        if (is_used(program, &sea_config_rows[i])) explain(program, &sea_config_rows[i], env, ret);
    }
    for (size_t i = 0; i < program->count; i++) explain(program, &program->rows[i], env, ret);
}

void sea_config_markdown(const struct sea_setting *rows, size_t count, struct sea_buf *ret)
{
    sea_buf_text(ret, "| variable | value | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const char *standard = rows[i].standard;
        sea_buf_printf(ret, "| `%s%s`", prefix, rows[i].name);
        if (rows[i].type == SEA_SETTING_SECRET) sea_buf_text(ret, ", `…_FILE`");
        sea_buf_text(ret, " | ");
        sea_config_value_expected(&rows[i], ret);
        if (standard == NULL) {
            sea_buf_text(ret, " | required");
        } else if (standard[0] == '\0') {
            sea_buf_text(ret, " | empty");
        } else {
            sea_buf_printf(ret, " | `%s`", standard);
        }
        sea_buf_printf(ret, " | %s |\n", rows[i].help);
    }
}
