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
    struct sea_settings_from from = {folder, is_production, no_env, false};
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
    for (size_t i = 0; sea_channel_at(i); i++)
        assert_non_null(sea_channels_account(&settings->channels, sea_str(sea_channel_at(i)->name),
                                             SEA_STR("demo")));
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
    assert_true(sea_scope_has(&source->allowed, SEA_STR("/erp/cn")));
    assert_null(sea_channels_source(&settings->channels, SEA_STR("demo-desk-key")));
    assert_null(sea_channels_source(&settings->channels, SEA_STR("")));
    assert_non_null(sea_channels_api_key(&settings->channels, SEA_STR("demo-desk-key")));
    assert_null(sea_channels_api_key(&settings->channels, SEA_STR("demo-source-key")));

    static const char *const ALLOWED[] = {"/erp/cn", "/shop/*"};
    struct sea_source narrow = {.allowed = {ALLOWED, 2}};
    assert_true(sea_scope_has(&narrow.allowed, SEA_STR("/erp/cn")));
    assert_false(sea_scope_has(&narrow.allowed, SEA_STR("/erp/cn2")));
    assert_false(sea_scope_has(&narrow.allowed, SEA_STR("/erp")));
    assert_true(sea_scope_has(&narrow.allowed, SEA_STR("/shop/de")));
    assert_false(sea_scope_has(&narrow.allowed, SEA_STR("/shop")));
    sea_settings_close(&settings);
}

static char *read_text(const char *path)
{
    char *text = sea_alloc(64 * 1024);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_in_range(fread(text, 1, 64 * 1024 - 1, file), 1, 64 * 1024 - 2);
    fclose(file);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) count++;
    return count;
}

static void demo_credentials_are_refused_in_production(void **state)
{
    (void)state;
    char *got = errors_of(NULL, NULL, true);
    assert_non_null(strstr(got, "channels.yaml:11:21: a demo credential, expected a secret of "
                                "your own in production mode\n"));
    char *file = read_text(SEA_SOURCE_DIR "/deploy/config/channels.yaml");
    assert_int_equal(count_of(got, ": a demo credential"),
                     count_of(file, "{value: demo-") + count_of(file, "value: |\n        demo-"));
    free(file);
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
        {"accounts: [{channel: chat, account: x, send: {base: 'http://x', token: {value: a}}}]\n",
         "channels.yaml:1:46: channel chat can't send, expected no 'send'\n"},
        {"accounts: [{channel: x, account: x, secret: {value: s}, send: {base: 'http://x', "
         "sender: y, token: {value: a}}}]\n",
         "channels.yaml:1:63: adapter x can't send, expected 'adapter: webhook' or no 'send'\n"},
        {"accounts: [{channel: email, account: x, send: {adapter: smtp, base: 'http://x', "
         "sender: care}}]\n",
         "channels.yaml:1:69: 'http://x', expected an address that begins with smtp:// or "
         "smtps://\n"
         "channels.yaml:1:89: 'care', expected an e-mail address\n"},
        {"accounts: [{channel: email, account: x, send: {adapter: smtp, base: 'smtps://x', "
         "sender: a@b, login: a}}]\n",
         "channels.yaml:1:47: missing key, expected 'token' as every account of email has\n"},
        {"accounts: [{channel: form, account: x, send: {base: 'http://x', token: {value: "
         "whsec_short}}}]\n",
         "channels.yaml:1:46: no signing secret, expected whsec_ and base64 of 24 to 64 bytes\n"},
        {"accounts: [{channel: form, account: x, send: {base: 'ftp://x', sender: y, "
         "token: {value: a, env: B}}}]\n",
         "channels.yaml:1:53: 'ftp://x', expected an address that begins with http:// or "
         "https://\n"
         "channels.yaml:1:82: expected exactly one of: value, file, env\n"
         "channels.yaml:1:46: missing key, expected 'token' as every account of form has\n"},
        {"accounts: []\nsources:\n- {name: a, key: {value: k}, allowed: [x], markets: [BR, XX]}\n"
         "- {name: a, key: {value: k}, allowed: [x], rate: {events_per_s: 0}}\n"
         "- {name: b, signing: {value: whsec_short}, allowed: [x], rate: {events_per_s: 9, burst: "
         "5}, rejects: {url: 'x://y', signing: {value: z}}}\n",
         "channels.yaml:3:58: no market 'XX', expected one of the folder markets/\n"
         "channels.yaml:4:65: '0', expected a whole number from 1 to 100000\n"
         "channels.yaml:4:3: source 'a' appears twice\n"
         "channels.yaml:4:3: its key is source 'a''s already, expected one of its own\n"
         "channels.yaml:5:22: no signing secret, expected whsec_ and base64 of 24 to 64 bytes\n"
         "channels.yaml:5:89: '5', expected a whole number from 100 to 1000000\n"
         "channels.yaml:5:108: 'x://y', expected an address that begins with http:// or https://\n"
         "channels.yaml:5:126: no signing secret, expected whsec_ and base64 of 24 to 64 bytes\n"},
        {"accounts: []\nsources: [{name: a, allowed: ['*']}]\ndesk_keys: []\n",
         "channels.yaml:2:11: missing key, expected 'key' or 'signing'\n"
         "channels.yaml:3:1: unknown key 'desk_keys', expected one of: accounts, sources, "
         "desk_api_keys\n"},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++)
        assert_settings_errors("channels.yaml", TEXT_WANT[i][0], TEXT_WANT[i][1]);
}

static void an_unknown_channel_is_told_with_those_that_there_are(void **state)
{
    struct sea_buf want = SEA_BUF(4096);
    (void)state;
    sea_buf_text(&want, "channels.yaml:1:22: 'fax', expected one of: ");
    for (size_t i = 0; sea_channel_at(i); i++)
        sea_buf_printf(&want, "%s%s", i ? ", " : "", sea_channel_at(i)->name);
    sea_buf_add(&want, "\n", 2);
    assert_settings_errors("channels.yaml", "accounts: [{channel: fax, account: demo}]\n",
                           want.ptr);
    sea_buf_free(&want);
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

    /* Who needs no secret may not be able to read them either, and asks for none. */
    snprintf(path, sizeof path, "%s/secret", folder);
    assert_int_equal(unlink(path), 0);
    from.without_secrets = true;
    assert_true(sea_settings_open(&from, &errors, &settings));
    assert_int_equal(settings->channels.account_count, 1);
    assert_int_equal(settings->channels.accounts[0].secret.count, 0);
    sea_settings_close(&settings);
    snprintf(path, sizeof path, "rm -r %s", folder);
    assert_int_equal(system(path), 0);
}

static void nothing_of_the_whole_folder_is_missed_without_secrets(void **state)
{
    (void)state;
    struct sea_settings_from from = {
        .folder = OWN, .is_production = true, .env = no_env, .without_secrets = true};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    assert_true(sea_settings_open(&from, &errors, &settings));
    for (uint32_t i = 0; i < settings->channels.source_count; i++)
        assert_int_equal(settings->channels.sources[i].keys.count, 0);
    sea_settings_close(&settings);
}

static void mistakes_in_the_other_files_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const FILE_TEXT_WANT[][3] = {
        {"routing.yaml",
         "queues: [{name: a}, {name: a, match: {markets: [XX], channels: [fax]}}]\n",
         "routing.yaml:1:10: expected a 'match': the queues below would get nothing\n"
         "routing.yaml:1:49: no market 'XX', expected one of the folder markets/\n"
         "routing.yaml:1:65: no channel 'fax', expected one that exists\n"
         "routing.yaml:1:21: queue 'a' appears twice\n"
         "routing.yaml:1:21: expected no 'match': the last queue takes what is left\n"},
        {"routing.yaml",
         "queues: [{name: a, priority: 1001, offer_timeout: 0s}]\nweights: {fax: 1, phone: 0}\n",
         "routing.yaml:1:30: '1001', expected a whole number from 0 to 1000\n"
         "routing.yaml:1:51: '0s', expected a duration such as 90s or 1h30m, from 1s to 1d\n"
         "routing.yaml:2:11: no channel 'fax', expected one that exists, or default\n"
         "routing.yaml:2:26: '0', expected a whole number from 1 to 1000\n"},
        {"routing.yaml",
         "queues: [{name: a}]\n"
         "messages: [{match: {channels: [fax], kinds: [clip], ratings: [0, 6]}, alert: x},\n"
         "  {match: {ratings: [1]}}, {raise_priority: 1001, issue: dispute}]\n",
         "routing.yaml:2:32: no channel 'fax', expected one that exists\n"
         "routing.yaml:2:46: 'clip', expected one of: text, image, audio, video, document, "
         "location, reaction, edit, unsend, other\n"
         "routing.yaml:2:63: '0', expected a whole number from 1 to 5\n"
         "routing.yaml:2:66: '6', expected a whole number from 1 to 5\n"
         "routing.yaml:3:3: does nothing, expected raise_priority, alert or issue\n"
         "routing.yaml:3:28: missing key, expected 'match'\n"
         "routing.yaml:3:45: '1001', expected a whole number from 0 to 1000\n"},
        {"routing.yaml", "queues: [{name: x, needs: [native-ja, 'a,b']}]\n",
         "routing.yaml:1:39: 'a,b', expected at most 40 of a-z, 0-9, - and _\n"},
        {"routing.yaml", "queues: []\n", "routing.yaml:1:9: no queue, expected at least one\n"},
        {"sla.yaml",
         "policies: [{id: x, channel_classes: [fax], clock: snooze, limit: 1m, count: calendar,\n"
         "  warn: 75, from: 2026-11-01T00:00:00Z, until: 2026-10-01T00:00:00Z}]\n",
         "sla.yaml:1:38: 'fax', expected one of: phone, live_chat, messaging, email\n"
         "sla.yaml:1:51: 'snooze', expected one of: acknowledgement, first_response, "
         "next_response, resolution\n"
         "sla.yaml:2:9: '75', expected a percentage from 0% to 100%\n"
         "sla.yaml:2:48: is not after 'from', expected a later time\n"},
        {"translation.yaml", "engine: {name: x, url: '${NO_SUCH}'}\n",
         "translation.yaml:1:24: NO_SUCH is not set, expected an environment variable\n"},
        {"translation.yaml", "engine: {name: x, url: '${NO_SUCH'}\n",
         "translation.yaml:1:24: expected ${NAME} or ${NAME:-default}\n"},
        {"retention.yaml",
         "tables: [{name: a.b, data: content, purpose: x, period: order, keep: 1d, erase: "
         "nothing}]\ntopics: []\nredis: [{name: x, data: reference, purpose: y, erase: expiry}]\n",
         "retention.yaml:1:70: beside 'period', expected one of the two\n"
         "retention.yaml:1:81: 'nothing' of data 'content', expected 'nothing' for 'none' alone\n"
         "retention.yaml:1:10: missing key, expected 'columns'\n"
         "retention.yaml:3:55: 'expiry' without 'keep', expected how long\n"},
        {"templates/delivered.yaml",
         "template: delivered\nversion: 1\nclass: service\nvariables: [order_id]\n"
         "texts: {de: 'Hallo {name}', fr: '{order_id', es: '{order_id} }'}\n",
         "templates/delivered.yaml:5:13: variable {name} is not declared, expected one of "
         "'variables'\n"
         "templates/delivered.yaml:5:13: variable {order_id} is missing, expected every one of "
         "'variables'\n"
         "templates/delivered.yaml:5:33: a brace without its partner, expected {name}, {{ or }}\n"
         "templates/delivered.yaml:5:50: a brace without its partner, expected {name}, {{ or }}\n"
         "templates/delivered.yaml:5:8: missing key, expected a text in 'en'\n"},
        {"templates/x.yaml", "template: y\nversion: 0\nclass: spam\ntexts: {en: Hi}\n",
         "templates/x.yaml:1:11: 'y', expected 'x' as the file is named\n"
         "templates/x.yaml:2:10: '0', expected a whole number from 1 to 1000000\n"
         "templates/x.yaml:3:8: 'spam', expected one of: reply, auto, service, marketing, "
         "internal, legal\n"},
        {"templates/phrases.yaml", "phrases: {a: {de: x}, b: null}\n",
         "templates/phrases.yaml:1:14: missing key, expected a text in 'en'\n"
         "templates/phrases.yaml:1:23: no texts, expected one for each language\n"},
    };
    for (size_t i = 0; i < SEA_COUNT(FILE_TEXT_WANT); i++)
        assert_settings_errors(FILE_TEXT_WANT[i][0], FILE_TEXT_WANT[i][1], FILE_TEXT_WANT[i][2]);
}

static void a_missing_folder_or_file_is_told(void **state)
{
    (void)state;
    struct sea_settings_from from = {.folder = "/nowhere"};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    assert_false(sea_settings_open(&from, &errors, &settings));
    assert_non_null(strstr(errors.lines.ptr, "/nowhere/markets: No such file or directory"));
    assert_null(settings);
    sea_yaml_errors_free(&errors);
}

/* Every service notice, in every language a demo market speaks, without the words its market
 * forbids. */
static void notices_exist_for_every_milestone_and_exception(void **state)
{
    (void)state;
    static const char *const IDS[] = {"order_paid",   "dispatched",        "dispatched_tracked",
                                      "in_customs",   "out_for_delivery",  "delivered",
                                      "customs_held", "address_problem",   "delivery_failed",
                                      "order_status", "order_status_held", "order_unknown",
                                      "received",     "stop_confirmation", "start_confirmation"};
    static const char *const MARKETS[] = {"BR", "DE", "FR", "JP", "US",
                                          "MX", "GB", "SG", "SA", "NG"};
    struct sea_settings *settings = open_own();
    for (size_t i = 0; i < SEA_COUNT(IDS); i++) {
        const struct sea_template *template =
            sea_template_by_id(&settings->templates, sea_str(IDS[i]));
        assert_non_null(template);
        assert_int_equal(template->text_count, 8);
        bool is_exception = strstr("customs_held address_problem delivery_failed", IDS[i]);
        bool has_reason = false, has_time = false;
        for (uint32_t n = 0; n < template->variables.count; n++) {
            has_reason = has_reason || !strcmp(template->variables.items[n], "reason");
            has_time = has_time || !strcmp(template->variables.items[n], "expected_at");
        }
        assert_true(!is_exception || (has_reason && has_time)); /* NT-03 */
        for (size_t n = 0; n < SEA_COUNT(MARKETS); n++) {
            const struct sea_market *market =
                sea_market_by_code(&settings->markets, sea_str(MARKETS[n]));
            struct sea_str language = sea_str(market->languages.items[0]);
            const struct sea_template_text *text = sea_template_text(template, language, market);
            assert_int_equal(strncmp(text->language, language.ptr, 2), 0);
            for (uint32_t r = 0; r < market->word_rule_count; r++)
                for (uint32_t l = 0; l < market->word_rules[r].list_count; l++)
                    for (uint32_t p = 0; p < market->word_rules[r].lists[l].phrases.count; p++)
                        assert_null(
                            strstr(text->text, market->word_rules[r].lists[l].phrases.items[p]));
        }
    }
    const struct sea_market *brazil = sea_market_by_code(&settings->markets, SEA_STR("BR"));
    assert_string_equal(
        sea_template_phrase(&settings->templates, SEA_STR("missing_tax_id"), SEA_STR("pt"), brazil),
        "falta o CPF ou CNPJ do destinatário");
    assert_null(
        sea_template_phrase(&settings->templates, SEA_STR("because"), SEA_STR("pt"), brazil));
    sea_settings_close(&settings);
}

static void queues_policies_stores_and_the_engine_are_loaded(void **state)
{
    (void)state;
    struct sea_settings *settings = open_own();
    static const char *const MARKET_QUEUE[][2] = {{"BR", "latam"},
                                                  {"DE", "europe"},
                                                  {"GB", "europe"},
                                                  {"US", "north-america"},
                                                  {"SG", "asia"},
                                                  {"JP", "asia"},
                                                  {"SA", "middle-east-africa"},
                                                  {"NG", "middle-east-africa"},
                                                  {"GLOBAL", "general"},
                                                  {"WEST", "general"}};
    for (size_t i = 0; i < SEA_COUNT(MARKET_QUEUE); i++) {
        struct sea_queue_facts facts = {
            .market = sea_market_by_code(&settings->markets, sea_str(MARKET_QUEUE[i][0]))};
        const struct sea_queue *queue = sea_routing_queue(&settings->routing, &facts);
        assert_string_equal(queue->name, MARKET_QUEUE[i][1]);
        assert_int_equal(queue->offer_timeout_ms, 30000);
    }
    assert_int_equal(sea_routing_weight(&settings->routing, SEA_STR("phone")), 10);
    assert_int_equal(sea_routing_weight(&settings->routing, SEA_STR("fax")), 2);
    assert_int_equal(settings->routing.raise_breached, 400);

    const char *policy = NULL;
    const struct sea_market *germany = sea_market_by_code(&settings->markets, SEA_STR("DE"));
    struct sea_target target = sea_sla_target(&settings->sla, germany, SEA_CHANNEL_EMAIL,
                                              SEA_CLOCK_ACKNOWLEDGEMENT, 0, &policy);
    assert_string_equal(policy, "DE"); /* the policy of 15 minutes is off */
    assert_int_equal(target.limit_ms, 4 * 3600000);

    const struct sea_store *store =
        sea_inventory_store(&settings->inventory, SEA_STORE_TOPIC, SEA_STR("seadesk.messages"));
    assert_non_null(store);
    assert_true(store->data == SEA_DATA_CONTENT && store->erasure == SEA_ERASE_KEY);
    assert_null(sea_inventory_store(&settings->inventory, SEA_STORE_TABLE, SEA_STR("sd:q:*")));
    assert_string_equal(settings->translation.url, "http://127.0.0.1:8099");
    assert_int_equal(settings->translation.timeout_ms, 3000);
    assert_int_equal(strlen(settings->version), 16);
    sea_settings_close(&settings);
}

static const char *fake_env(const char *name)
{
    return strcmp(name, "SEADESK_FAKE_URL") == 0 ? "http://127.0.0.1:18099/" : NULL;
}

static void addresses_come_from_the_environment(void **state)
{
    (void)state;
    struct sea_settings_from from = {.folder = OWN, .env = fake_env};
    struct sea_yaml_errors errors = SEA_YAML_ERRORS;
    struct sea_settings *settings = NULL;
    assert_true(sea_settings_open(&from, &errors, &settings));
    assert_string_equal(settings->translation.url, "http://127.0.0.1:18099");
    assert_string_equal(settings->channels.accounts[0].api_base, "http://127.0.0.1:18099");
    sea_settings_close(&settings);
}

static void the_version_changes_with_any_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/seadesk-test-XXXXXX", command[512], first[17] = "";
    assert_non_null(mkdtemp(folder));
    static const char *const CHANGED[] = {"markets/BR.yaml", "templates/delivered.yaml", "sla.yaml",
                                          "routing.yaml", "menus/care.yaml"};
    snprintf(command, sizeof command, "cp -r %s/. %s", OWN, folder);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < SEA_COUNT(CHANGED); i++) {
        struct sea_settings_from from = {.folder = folder, .env = no_env};
        struct sea_yaml_errors errors = SEA_YAML_ERRORS;
        struct sea_settings *settings = NULL;
        snprintf(command, sizeof command, "echo >> %s/%s", folder, CHANGED[i]);
        assert_int_equal(system(command), 0);
        assert_true(sea_settings_open(&from, &errors, &settings));
        assert_string_not_equal(settings->version, first);
        memcpy(first, settings->version, sizeof first);
        sea_settings_close(&settings);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void menus_are_checked_where_an_account_names_them(void **state)
{
    static const struct {
        const char *file, *text, *error;
    } ROWS[] = {
        {"menus/care.yaml", "menu: care\n- x\n", "menus/care.yaml:2:1: "},
        {"menus/care.yaml", "menu: care\nsteps: {a: {say: {en: A}, end: nothing}}\nx: 1\n",
         "menus/care.yaml:3:1: unknown key 'x'"},
        {"menus/care.yaml", "~\n", "menus/care.yaml:1:1: nothing in it, expected a menu"},
        {"menus/unused.yaml", "menu: [\n", ""},
        {"menus/care.yaml",
         "menu: care\nversion: 1\nresume: 1m\nlanguage: en\nstart: top\n"
         "words: {more: {en: More}, back: {en: Back}, wrong: {en: No}}\n"
         "steps: {top: {say: {en: A glass of WINE?}, end: nothing}}\n",
         "menu care: top says in en 'WINE', which market MIDDLE_EAST forbids (alcohol_allusion)"},
        {"channels.yaml",
         "accounts: [{channel: ussd, account: x, secret: {value: a}, menu: nowhere}]\n",
         "menus/nowhere.yaml: No such file or directory, expected a readable file"},
        {"channels.yaml", "accounts: [{channel: ussd, account: x, secret: {value: a}}]\n",
         "channels.yaml:1:12: expected 'menu' in accounts with dialogues, and in no others"},
        {"channels.yaml", "accounts: [{channel: form, account: x, menu: care}]\n",
         "channels.yaml:1:12: expected 'menu' in accounts with dialogues, and in no others"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++) {
        char *errors = errors_of(ROWS[i].file, ROWS[i].text, false);
        if (!strstr(errors, ROWS[i].error) || (!*ROWS[i].error && *errors)) fail_msg("%s", errors);
        free(errors);
    }
}

SEA_TESTS(cmocka_unit_test(every_channel_has_its_demo_account_and_secret),
          cmocka_unit_test(keys_belong_to_their_source_or_caller),
          cmocka_unit_test(demo_credentials_are_refused_in_production),
          cmocka_unit_test(mistakes_in_channels_are_told_with_their_place),
          cmocka_unit_test(an_unknown_channel_is_told_with_those_that_there_are),
          cmocka_unit_test(secrets_rotate_with_two_live_ones),
          cmocka_unit_test(nothing_of_the_whole_folder_is_missed_without_secrets),
          cmocka_unit_test(mistakes_in_the_other_files_are_told_with_their_place),
          cmocka_unit_test(menus_are_checked_where_an_account_names_them),
          cmocka_unit_test(a_missing_folder_or_file_is_told),
          cmocka_unit_test(notices_exist_for_every_milestone_and_exception),
          cmocka_unit_test(queues_policies_stores_and_the_engine_are_loaded),
          cmocka_unit_test(addresses_come_from_the_environment),
          cmocka_unit_test(the_version_changes_with_any_file))
