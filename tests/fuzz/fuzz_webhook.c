/* fuzz_webhook.c: signatures over any bytes: nothing but the right signature is taken, and nothing
 * is read past its end. Input: header, URL, body, with line feeds between. */
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_redis_url.h"
#include "sea_seal.h"
#include "sea_webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sea_str take_line(struct sea_str *rest)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    struct sea_str line = {rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len};
    *rest = (struct sea_str){rest->ptr + line.len, rest->len - line.len};
    if (end != NULL) *rest = (struct sea_str){rest->ptr + 1, rest->len - 1};
    return line;
}

static void check_meta(struct sea_mac *sha256, struct sea_str header, struct sea_str body)
{
    uint8_t code[SEA_MAC_MOST_BYTES];
    char right[7 + 2 * SEA_MAC_MOST_BYTES + 1] = "sha256=";
    size_t len = sea_mac_sign(sha256, &body, 1, code);
    sea_hex_print(code, len, right + 7);
    sea_assert(sea_webhook_meta(sha256, sea_str(right), body));
    sea_assert(!sea_webhook_meta(sha256, header, body)); /* nobody guesses it */
}

static void check_sealed(struct sea_str text)
{
    static const struct sea_data_key key = {{7}};
    static const struct sea_place place = {{"t", 1}, {"c", 1}, {"r", 1}};
    struct sea_buf sealed = SEA_BUF(1 << 20), plain = SEA_BUF(1 << 20);
    sea_assert(!sea_unseal(&plain, &key, &place, text));
    sea_seal(&sealed, &key, 1, &place, text);
    sea_assert(sea_unseal(&plain, &key, &place, sea_buf_view(&sealed)));
    sea_assert(sea_str_eq(sea_buf_view(&plain), text));
    sea_buf_free(&sealed);
    sea_buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sea_mac *sha1, *sha256, *standard;
    struct sea_redis_url address;
    char *copy = sea_realloc(NULL, size > 0 ? size : 1);
    if (size > 0) memcpy(copy, data, size);
    struct sea_str rest = {copy, size};
    struct sea_str header = take_line(&rest), url = take_line(&rest);
    sea_mac_open(&sha1, SEA_MAC_SHA1, SEA_STR("a secret"));
    sea_mac_open(&sha256, SEA_MAC_SHA256, SEA_STR("a secret"));
    check_meta(sha256, header, rest);
    sea_assert(!sea_webhook_line(sha256, header, rest));
    sea_assert(!sea_webhook_twilio_form(sha1, header, url, rest));
    sea_assert(!sea_webhook_twilio_json(sha1, header, url, rest));
    const struct sea_webhook_standard headers = {url, url, header};
    sea_assert(!sea_webhook_standard(sha256, &headers, rest, 1614265330, 300));
    if (sea_webhook_standard_open(&standard, header)) sea_mac_close(&standard);
    if (sea_redis_url_parse(url, &address)) sea_assert(address.host[0] != '\0');
    check_sealed(rest);
    sea_mac_close(&sha1);
    sea_mac_close(&sha256);
    free(copy);
    return 0;
}
