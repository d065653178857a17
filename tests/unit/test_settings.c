/* The configuration folder: what the repository's own one gives, and how mistakes are told. */
#include "sea_cmocka.h"
#include "sea_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char OWN[] = SEA_SOURCE_DIR "/deploy/config";

static const char *no_env(const char *name)
{
    return strcmp(name, "FROM_ENV") == 0 ? "secret-from-env" : NULL;
}

static struct sea_settings *open_own(void)
{
    struct sea_settings_from from = {.folder = OWN, .env = no_env};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    if (!sea_settings_open(&from, &errors, &settings)) print_error("%s", errors.lines.ptr);
    assert_non_null(settings);
    sea_yaml_errors_free(&errors);
    return settings;
}

/* A copy of the repository's folder in which one file is replaced; the errors it gives. */
static char *errors_of(const char *file, const char *text, bool is_production)
{
    char folder[] = "/tmp/seadesk-test-XXXXXX", command[512], path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "cp -r %s/. %s", OWN, folder);
    assert_int_equal(system(command), 0);
    if (file) {
        snprintf(path, sizeof path, "%s/%s", folder, file);
        FILE *stream = fopen(path, "w");
        assert_non_null(stream);
        fputs(text, stream);
        fclose(stream);
    }
    struct sea_settings_from from = {folder, is_production, no_env};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    bool is_good = sea_settings_open(&from, &errors, &settings);
    assert_int_equal(is_good, errors.count == 0);
    assert_int_equal(is_good, settings != NULL);
    sea_settings_close(&settings);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);

    /* The folder's random name taken out of every line. */
    struct sea_buf out = SEA_BUF(64 * 1024);
    for (const char *at = errors.lines.ptr ? errors.lines.ptr : ""; *at;) {
        size_t len = strlen(folder) + 1;
        if (!strncmp(at, folder, len - 1)) at += len;
        sea_buf_char(&out, *at++);
    }
    sea_yaml_errors_free(&errors);
    return out.ptr ? sea_buf_take(&out, NULL) : sea_strdup("");
}

static void assert_settings_errors(const char *file, const char *text, const char *want)
{
    char *got = errors_of(file, text, false);
    assert_string_equal(got, want);
    free(got);
}

static void every_channel_has_its_demo_account_and_secret(void **state)
{
    (void)state;
    static const char *const SIGNED[] = {"whatsapp", "twilio-sms"};
    struct sea_settings *settings = open_own();
    for (size_t i = 0; i < SEA_COUNT(SIGNED); i++) {
        char secret[64];
        snprintf(secret, sizeof secret, "demo-%s-secret", SIGNED[i]);
        const struct sea_account *account =
            sea_channels_account(&settings->channels, sea_str(SIGNED[i]), SEA_STR("demo"));
        assert_non_null(account);
        assert_true(account->is_enabled);
        assert_null(account->market);
        assert_true(sea_secrets_match(&account->secret, sea_str(secret)));
        assert_false(sea_secrets_match(&account->secret, SEA_STR("demo-whatsapp-secreT")));
        assert_string_equal(account->api_base, "http://127.0.0.1:8099");
        assert_true(account->token.count == 1 && account->sender && account->rate_per_s > 0);
    }
    const struct sea_account *whatsapp =
        sea_channels_account(&settings->channels, SEA_STR("whatsapp"), SEA_STR("demo"));
    assert_true(sea_secrets_match(&whatsapp->verify_token, SEA_STR("demo-verify")));
    assert_non_null(sea_channels_account(&settings->channels, SEA_STR("form"), SEA_STR("demo")));
    assert_null(sea_channels_account(&settings->channels, SEA_STR("form"), SEA_STR("dem")));
    assert_null(sea_channels_account(&settings->channels, SEA_STR("fax"), SEA_STR("demo")));
    sea_settings_close(&settings);
}

static void keys_belong_to_their_source_or_caller(void **state)
{
    (void)state;
    struct sea_settings *settings = open_own();
    const struct sea_source *source =
        sea_channels_source(&settings->channels, SEA_STR("demo-source-key"));
    assert_non_null(source);
    assert_true(sea_source_may(source, SEA_STR("/erp/cn")));
    assert_null(sea_channels_source(&settings->channels, SEA_STR("demo-desk-key")));
    assert_null(sea_channels_source(&settings->channels, SEA_STR("")));
    assert_non_null(sea_channels_api_key(&settings->channels, SEA_STR("demo-desk-key")));
    assert_null(sea_channels_api_key(&settings->channels, SEA_STR("demo-source-key")));

    static const char *const ALLOWED[] = {"/erp/cn", "/shop/*"};
    struct sea_source narrow = {.allowed = {ALLOWED, 2}};
    assert_true(sea_source_may(&narrow, SEA_STR("/erp/cn")));
    assert_false(sea_source_may(&narrow, SEA_STR("/erp/cn2")));
    assert_false(sea_source_may(&narrow, SEA_STR("/erp")));
    assert_true(sea_source_may(&narrow, SEA_STR("/shop/de")));
    assert_false(sea_source_may(&narrow, SEA_STR("/shop")));
    sea_settings_close(&settings);
}

static void demo_credentials_are_refused_in_production(void **state)
{
    (void)state;
    char *got = errors_of(NULL, NULL, true);
    assert_non_null(strstr(got, "channels.yaml:11:21: a demo credential, expected a secret of "
                                "your own in production mode\n"));
    assert_non_null(strstr(got, "channels.yaml:45:18: a demo credential"));
    free(got);
    got = errors_of("channels.yaml",
                    "accounts: [{channel: form, account: shop}]\n"
                    "sources: [{name: erp, key: {env: FROM_ENV}, allowed: ['/erp']}]\n",
                    true);
    assert_string_equal(got, "");
    free(got);
}

static void mistakes_in_channels_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const TEXT_WANT[][2] = {
        {"accounts: [{channel: fax, account: demo}]\n",
         "channels.yaml:1:22: 'fax', expected one of: whatsapp, twilio-sms, chat, email, form, "
         "phone, post\n"},
        {"accounts: [{channel: form, account: a b}]\n",
         "channels.yaml:1:37: 'a b', expected at most 40 of a-z, 0-9, - and _\n"},
        {"accounts: [{channel: form, account: x, market: XX}]\n",
         "channels.yaml:1:48: no market 'XX', expected one of the folder markets/\n"},
        {"accounts: [{channel: form, account: x}, {channel: form, account: x}]\n",
         "channels.yaml:1:41: account 'x' of form appears twice\n"},
        {"accounts: [{channel: whatsapp, account: x, secret: {value: s}}]\n",
         "channels.yaml:1:12: missing key, expected 'verify_token' as every account of whatsapp "
         "has\n"},
        {"accounts: [{channel: twilio-sms, account: x, secret: {env: NO_SUCH}}]\n",
         "channels.yaml:1:60: NO_SUCH is not set, expected an environment variable with the "
         "secret\n"
         "channels.yaml:1:12: missing key, expected 'secret' as every account of twilio-sms has\n"},
        {"accounts: [{channel: twilio-sms, account: x, secret: [{value: a}, {value: b}, "
         "{value: c}]}]\n",
         "channels.yaml:1:54: 3 secrets, expected at most 2\n"
         "channels.yaml:1:12: missing key, expected 'secret' as every account of twilio-sms has\n"},
        {"accounts: [{channel: form, account: x, send: {base: 'ftp://x', sender: y, "
         "token: {value: a, env: B}}}]\n",
         "channels.yaml:1:53: 'ftp://x', expected an address that begins with http:// or "
         "https://\n"
         "channels.yaml:1:82: expected exactly one of: value, file, env\n"
         "channels.yaml:1:46: missing key, expected 'token' as every account of form has\n"
         "channels.yaml:1:46: channel form can't send, expected no 'send'\n"},
        {"accounts: []\nsources: [{name: a, allowed: ['*']}]\ndesk_keys: []\n",
         "channels.yaml:2:11: missing key, expected 'key' or 'signing'\n"
         "channels.yaml:3:1: unknown key 'desk_keys', expected one of: accounts, sources, "
         "desk_api_keys\n"},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++)
        assert_settings_errors("channels.yaml", TEXT_WANT[i][0], TEXT_WANT[i][1]);
}

static void secrets_rotate_with_two_live_ones(void **state)
{
    (void)state;
    char folder[] = "/tmp/seadesk-test-XXXXXX", path[64], command[512];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command,
             "cp -r %s/. %s && printf 'from-a-file\\n' > %s/secret && cat > %s/channels.yaml <<E\n"
             "accounts: [{channel: twilio-sms, account: x,\n"
             "  secret: [{file: %s/secret}, {env: FROM_ENV}]}]\nE\n",
             OWN, folder, folder, folder, folder);
    assert_int_equal(system(command), 0);
    struct sea_settings_from from = {.folder = folder, .env = no_env};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    assert_true(sea_settings_open(&from, &errors, &settings));
    const struct sea_secrets *secrets = &settings->channels.accounts[0].secret;
    assert_true(sea_secrets_match(secrets, SEA_STR("from-a-file")));
    assert_true(sea_secrets_match(secrets, SEA_STR("secret-from-env")));
    assert_false(sea_secrets_match(secrets, SEA_STR("from-a-file\n")));
    sea_settings_close(&settings);
    snprintf(path, sizeof path, "rm -r %s", folder);
    assert_int_equal(system(path), 0);
}

SEA_TESTS(cmocka_unit_test(every_channel_has_its_demo_account_and_secret),
          cmocka_unit_test(keys_belong_to_their_source_or_caller),
          cmocka_unit_test(demo_credentials_are_refused_in_production),
          cmocka_unit_test(mistakes_in_channels_are_told_with_their_place),
          cmocka_unit_test(secrets_rotate_with_two_live_ones))
