/* sea_loader.c: secrets, environment variables and market codes inside the folder's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "sea_settings_private.h"

enum { SECRET_MAX = 4096, TEXT_MAX = 2048 };

void *sea_loader_array(struct sea_yaml_node node, uint32_t count, size_t size)
{
    return count > 0 ? sea_yaml_zero(node, count * size) : NULL;
}

static const char *environment(const struct sea_loader *loader, const char *name)
{
    return loader->from->env ? loader->from->env(name) : getenv(name);
}

/* The first line's worth of a secrets file, as editors and orchestrators write it. */
static bool read_file(struct sea_yaml_node node, const char *path, char ret[SECRET_MAX + 1])
{
    FILE *stream = fopen(path, "re");
    if (!stream) {
        sea_yaml_error(node, "'%s' can't be read, expected a file with the secret", path);
        return false;
    }
    size_t len = fread(ret, 1, SECRET_MAX, stream);
    fclose(stream);
    while (len > 0 && (ret[len - 1] == '\n' || ret[len - 1] == '\r')) len--;
    ret[len] = 0;
    return true;
}

static void add_secret(struct sea_loader *loader, struct sea_yaml_node node, const char *text,
                       struct sea_secrets *secrets)
{
    if (!*text) {
        sea_yaml_error(node, "an empty secret, expected text");
        return;
    }
    if (loader->from->is_production && !strncmp(text, "demo-", 5)) {
        sea_yaml_error(node, "a demo credential, expected a secret of your own in production mode");
        return;
    }
    const char *kept = sea_yaml_keep(node, sea_str(text));
    if (kept) secrets->live[secrets->count++] = sea_str(kept);
}

static void read_secret(struct sea_loader *loader, struct sea_yaml_node node,
                        struct sea_secrets *secrets)
{
    struct sea_yaml_map map;
    const char *name = NULL;
    char buffer[SECRET_MAX + 1];
    if (!sea_yaml_map(node, &map)) return;
    struct sea_yaml_node value = sea_yaml_get(&map, "value"), file = sea_yaml_get(&map, "file"),
                         env = sea_yaml_get(&map, "env");
    sea_yaml_end(&map);
    if (!sea_yaml_is_absent(value) + !sea_yaml_is_absent(file) + !sea_yaml_is_absent(env) != 1) {
        sea_yaml_error(node, "expected exactly one of: value, file, env");
    } else if (sea_yaml_text(value, &name)) {
        add_secret(loader, value, name, secrets);
    } else if (sea_yaml_text(file, &name)) {
        if (read_file(file, name, buffer)) add_secret(loader, file, buffer, secrets);
        OPENSSL_cleanse(buffer, sizeof buffer);
    } else if (sea_yaml_text(env, &name)) {
        const char *text = environment(loader, name);
        if (text)
            add_secret(loader, env, text, secrets);
        else
            sea_yaml_error(env, "%s is not set, expected an environment variable with the secret",
                           name);
    }
}

void sea_loader_secrets(struct sea_loader *loader, struct sea_yaml_node node,
                        struct sea_secrets *ret)
{
    if (sea_yaml_is_absent(node)) return;
    if (sea_yaml_is_map(node)) {
        read_secret(loader, node, ret);
        return;
    }
    uint32_t count = sea_yaml_count(node);
    if (count > SEA_SECRETS_MAX)
        sea_yaml_error(node, "%u secrets, expected at most %d", count, SEA_SECRETS_MAX);
    for (uint32_t i = 0; i < count && count <= SEA_SECRETS_MAX; i++)
        read_secret(loader, sea_yaml_item(node, i), ret);
}

/* Replaces the ${…} that begins at text->ptr, and takes it off the front. */
static bool expand(struct sea_loader *loader, struct sea_yaml_node node, struct sea_str *text,
                   struct sea_buf *out)
{
    const char *end = memchr(text->ptr, '}', text->len);
    char name[128];
    if (!end || end - text->ptr - 2 >= (ptrdiff_t)sizeof name) {
        sea_yaml_error(node, "expected ${NAME} or ${NAME:-default}");
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(end - text->ptr - 2), text->ptr + 2);
    char *standby = strstr(name, ":-");
    if (standby) *standby = 0;
    const char *value = environment(loader, name);
    if ((!value || !*value) && standby) value = standby + 2;
    if (!value) {
        sea_yaml_error(node, "%s is not set, expected an environment variable", name);
        return false;
    }
    sea_buf_text(out, value);
    *text = (struct sea_str){end + 1, text->len - (size_t)(end + 1 - text->ptr)};
    return true;
}

bool sea_loader_text(struct sea_loader *loader, struct sea_yaml_node node, const char **ret)
{
    const char *raw = NULL, *kept = NULL;
    struct sea_buf out = SEA_BUF(TEXT_MAX);
    if (!sea_yaml_text(node, &raw)) return false;
    struct sea_str text = sea_str(raw);
    while (text.len > 0) {
        if (sea_str_starts(text, "${")) {
            if (!expand(loader, node, &text, &out)) break;
        } else {
            sea_buf_char(&out, *text.ptr);
            text = (struct sea_str){text.ptr + 1, text.len - 1};
        }
    }
    if (text.len == 0 && out.is_full)
        sea_yaml_error(node, "too long, expected at most %d bytes", TEXT_MAX);
    else if (text.len == 0)
        kept = sea_yaml_keep(node, sea_buf_view(&out));
    sea_buf_free(&out);
    if (kept) *ret = kept;
    return kept != NULL;
}

bool sea_loader_url(struct sea_loader *loader, struct sea_yaml_node node, const char **ret)
{
    const char *url = NULL;
    if (!sea_loader_text(loader, node, &url)) return false;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        sea_yaml_error(node, "'%s', expected an address that begins with http:// or https://", url);
        return false;
    }
    size_t len = strlen(url);
    while (url[len - 1] == '/') len--;
    *ret = sea_yaml_keep(node, (struct sea_str){url, len});
    return *ret != NULL;
}

const struct sea_market *sea_loader_market(struct sea_loader *loader, struct sea_yaml_node node)
{
    const char *code = NULL;
    if (!sea_yaml_text(node, &code)) return NULL;
    const struct sea_market *market = sea_market_by_code(&loader->settings->markets, sea_str(code));
    if (!market) sea_yaml_error(node, "no market '%s', expected one of the folder markets/", code);
    return market;
}
