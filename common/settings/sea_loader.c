/* sea_loader.c: secrets, environment variables and market codes inside the folder's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "sea_settings_private.h"

enum { SECRET_MAX = 4096, TEXT_MAX = 2048, EXPAND_DEPTH_MAX = 4 };

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
    if (sea_yaml_is_absent(node) || loader->from->without_secrets) return;
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

static bool expand(struct sea_loader *loader, struct sea_yaml_node node, struct sea_str text,
                   struct sea_buf *out, int depth);

/* The length of the ${…} that `text` begins with, others inside it included; 0: it has no end. */
static size_t reference_len(struct sea_str text)
{
    int open = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '{') open++;
        if (text.ptr[i] == '}' && --open == 0) return i + 1;
    }
    return 0;
}

/* `text` is what stands between ${ and }. */
static bool expand_name(struct sea_loader *loader, struct sea_yaml_node node, struct sea_str text,
                        struct sea_buf *out, int depth)
{
    char name[64];
    const char *standby = memmem(text.ptr, text.len, ":-", 2);
    size_t len = standby ? (size_t)(standby - text.ptr) : text.len;
    snprintf(name, sizeof name, "%.*s", (int)(len < 63 ? len : 63), text.ptr);
    const char *value = environment(loader, name);
    if (value && *value) {
        sea_buf_text(out, value);
        return true;
    }
    if (standby)
        return expand(loader, node, (struct sea_str){standby + 2, text.len - len - 2}, out,
                      depth + 1);
    sea_yaml_error(node, "%s is not set, expected an environment variable", name);
    return false;
}

static bool expand(struct sea_loader *loader, struct sea_yaml_node node, struct sea_str text,
                   struct sea_buf *out, int depth)
{
    while (text.len > 0) {
        size_t len = 1;
        if (!sea_str_starts(text, "${")) {
            sea_buf_char(out, *text.ptr);
        } else {
            len = reference_len(text);
            if (len == 0 || depth == EXPAND_DEPTH_MAX) {
                sea_yaml_error(node, "expected ${NAME} or ${NAME:-default}");
                return false;
            }
            if (!expand_name(loader, node, (struct sea_str){text.ptr + 2, len - 3}, out, depth))
                return false;
        }
        text = (struct sea_str){text.ptr + len, text.len - len};
    }
    return true;
}

bool sea_loader_text(struct sea_loader *loader, struct sea_yaml_node node, const char **ret)
{
    const char *raw = NULL, *kept = NULL;
    struct sea_buf out = SEA_BUF(TEXT_MAX);
    if (!sea_yaml_text(node, &raw)) return false;
    bool is_good = expand(loader, node, sea_str(raw), &out, 0);
    if (is_good && (out.is_full || out.len == 0))
        sea_yaml_error(node, "expected 1 to %d bytes", TEXT_MAX);
    else if (is_good)
        kept = sea_yaml_keep(node, sea_buf_view(&out));
    sea_buf_free(&out);
    if (kept) *ret = kept;
    return kept != NULL;
}

bool sea_loader_url(struct sea_loader *loader, struct sea_yaml_node node, const char *scheme,
                    const char **ret)
{
    const char *url = NULL;
    if (!sea_loader_text(loader, node, &url)) return false;
    size_t len = strlen(scheme);
    bool is_begun = strncmp(url, scheme, len) == 0;
    if (!is_begun || strncmp(url + len + (url[len] == 's'), "://", 3) != 0) {
        sea_yaml_error(node, "'%s', expected an address that begins with %s:// or %ss://", url,
                       scheme, scheme);
        return false;
    }
    len = strlen(url);
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

bool sea_loader_name(struct sea_yaml_node node, const char **ret)
{
    if (!sea_yaml_text(node, ret)) return false;
    size_t len = strlen(*ret);
    if (len <= 40 && strspn(*ret, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len) return true;
    sea_yaml_error(node, "'%s', expected at most 40 of a-z, 0-9, - and _", *ret);
    return false;
}

void sea_loader_list(struct sea_yaml_node node, struct sea_texts *ret)
{
    sea_yaml_texts(node, &ret->items, &ret->count);
}

void sea_loader_channels(struct sea_yaml_node node, struct sea_texts *ret)
{
    sea_loader_list(node, ret);
    for (uint32_t i = 0; i < ret->count; i++)
        if (!sea_channel_of(sea_str(ret->items[i])))
            sea_yaml_error(sea_yaml_item(node, i), "no channel '%s', expected one that exists",
                           ret->items[i]);
}
