/* it_seal.c: seals and opens for tests written in Python. Each line of standard input is a command,
 * each gets one line of answer:
 *
 *     key CHANNEL ACCOUNT ID                     the contact key in hex
 *     seal CONTACT TABLE COLUMN ROW TEXT         hex of TEXT (hex) sealed under the contact's key
 *     open CONTACT TABLE COLUMN ROW SEALED       hex of the text; "erased" or "bad"
 *     lookup KIND TEXT                           a look-up hash in hex
 *
 * CONTACT is 32 hex digits, ROW hex bytes, TEXT and SEALED hex ("-" for none). The environment is a
 * service's, as ./dev env prints it; KEYS_MASTER, KEYS_PASSWORD and PEPPER are the secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"
#include "sea_keys.h"

enum { LINE_MAX_BYTES = 1 << 20, WORDS = 6 };

static const char *env(const char *name)
{
    const char *text = getenv(name);
    if (text == NULL) {
        fprintf(stderr, "%s is not set\n", name);
        exit(2);
    }
    return text;
}

static bool read_hex(const char *text, struct sea_buf *ret)
{
    size_t len = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    sea_buf_reset(ret);
    if (len == 0) return true;
    uint8_t *bytes = sea_buf_grow(ret, len);
    return bytes != NULL && sea_hex_parse((struct sea_str){text, len * 2}, bytes, len);
}

static void print_hex(struct sea_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) printf("%02x", (unsigned char)bytes.ptr[i]);
    printf("%s\n", bytes.len == 0 ? "-" : "");
}

static void print_key(struct sea_key key)
{
    char text[SEA_KEY_TEXT];
    sea_key_print(key, text);
    puts(text);
}

static void use_key(struct sea_keys *keys, char *const words[WORDS])
{
    struct sea_buf row = SEA_BUF(256), in = SEA_BUF(LINE_MAX_BYTES), out = SEA_BUF(LINE_MAX_BYTES);
    struct sea_key contact;
    bool is_erased = false, is_seal = strcmp(words[0], "seal") == 0;
    enum sea_err err = SEA_ERR_REJECT;
    if (sea_key_parse(sea_str(words[1]), &contact) && read_hex(words[4], &row) &&
        read_hex(words[5], &in)) {
        struct sea_place place = {sea_str(words[2]), sea_str(words[3]), sea_buf_view(&row)};
        err = is_seal
                  ? sea_keys_seal(keys, &contact, &place, sea_buf_view(&in), &out)
                  : sea_keys_unseal(keys, &contact, &place, sea_buf_view(&in), &out, &is_erased);
    }
    if (err)
        puts("bad");
    else if (is_erased)
        puts("erased");
    else
        print_hex(sea_buf_view(&out));
    sea_buf_free(&row);
    sea_buf_free(&in);
    sea_buf_free(&out);
}

static void look_up(const struct sea_pepper *pepper, const char *kind, const char *text)
{
    static const char *const kinds[SEA_LOOKUPS] = {
        "phone", "email", "order", "external", "provider-message", "memory"};
    for (int i = 0; i < SEA_LOOKUPS; i++)
        if (strcmp(kinds[i], kind) == 0)
            print_key(sea_lookup_key(pepper, (enum sea_lookup)i, sea_str(text)));
}

int main(void)
{
    static char line[LINE_MAX_BYTES];
    struct sea_keys_options options = {.url = env("SEADESK_KEYS_POSTGRES"),
                                       .user = "seadesk_router",
                                       .password = env("KEYS_PASSWORD"),
                                       .name = "it_seal",
                                       .master_key = env("KEYS_MASTER")};
    struct sea_keys *keys = NULL;
    struct sea_pepper pepper;
    if (sea_keys_open(&keys, &options, NULL) != SEA_OK) return 1;
    sea_pepper_init(&pepper, sea_str(env("PEPPER")));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[WORDS] = {0}, *rest = NULL;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < WORDS; i++) words[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (words[0] == NULL) continue;
        if (strcmp(words[0], "key") == 0 && words[3] != NULL)
            print_key(
                sea_contact_key(&pepper, sea_str(words[1]), sea_str(words[2]), sea_str(words[3])));
        else if (strcmp(words[0], "lookup") == 0 && words[2] != NULL)
            look_up(&pepper, words[1], words[2]);
        else if (words[5] != NULL)
            use_key(keys, words);
        else
            puts("bad");
        fflush(stdout);
    }
    sea_keys_close(&keys);
    return 0;
}
