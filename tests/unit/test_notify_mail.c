/* The message of an answer by e-mail, and what the submission server's word means. */
#include <stdlib.h>
#include <string.h>

#include "notify_answers.h"
#include "notify_mail.h"
#include "sea_enc.h"

#define ATTEMPT "00010203-0405-0607-0809-0a0b0c0d0e0f"

static const struct sea_channel EMAIL = {"email", SEA_ADAPTER_GENERIC, SEA_CHANNEL_EMAIL};

static const struct sea_account ACCOUNT = {.channel = &EMAIL,
                                           .send_adapter = SEA_ADAPTER_SMTP,
                                           .name = "demo",
                                           .is_enabled = true,
                                           .token = {{SEA_STR("s3cret")}, 1},
                                           .api_base = "smtp://mail.example:587",
                                           .sender = "Care <care@shop.example>",
                                           .login = "care"};

static struct notify_letter letter_of(const struct sea_account *account, const char *text)
{
    struct notify_letter letter = {.account = account,
                                   .to = SEA_STR("ana@example.com"),
                                   .text = sea_str(text),
                                   .class = SEA_CLASS_REPLY,
                                   .now_ms = 1795335300000};
    for (uint8_t i = 0; i < 16; i++) letter.attempt.bytes[i] = i;
    return letter;
}

/* The message as it is written; NULL and the reason otherwise. Freed by the caller. */
static char *message_of(const struct notify_letter *letter)
{
    struct notify_call call = NOTIFY_CALL;
    assert_null(notify_provider_call(letter, &call));
    assert_true(call.is_mail);
    char *message = sea_strdup(call.body.ptr);
    notify_call_free(&call);
    return message;
}

static void expect(const struct notify_letter *letter, const char *part)
{
    char *message = message_of(letter);
    if (strstr(message, part) == NULL) print_error("%s\nis not in\n%s\n", part, message);
    assert_non_null(strstr(message, part));
    free(message);
}

static void expect_none(const struct notify_letter *letter, const char *part)
{
    char *message = message_of(letter);
    assert_null(strstr(message, part));
    free(message);
}

static void a_reply_goes_on_with_its_conversation(void **state)
{
    (void)state;
    struct notify_letter letter = letter_of(&ACCOUNT, "It comes tomorrow.\n.\nBye");
    letter.subject = SEA_STR("My order");
    letter.thread = SEA_STR("m1@mail.example.com");
    struct notify_call call = NOTIFY_CALL;
    assert_null(notify_provider_call(&letter, &call));
    assert_string_equal(call.url.ptr, "smtp://mail.example:587/shop.example");
    assert_string_equal(call.mail_from.ptr, "care@shop.example");
    assert_string_equal(call.mail_to.ptr, "ana@example.com");
    assert_string_equal(call.mail_user.ptr, "care");
    assert_string_equal(call.mail_password.ptr, "s3cret");
    assert_false(call.is_mail_plain);
    assert_string_equal(call.body.ptr, "Date: Sun, 22 Nov 2026 08:15:00 +0000\r\n"
                                       "From: Care <care@shop.example>\r\n"
                                       "To: <ana@example.com>\r\n"
                                       "Subject: Re: My order\r\n"
                                       "Message-ID: <" ATTEMPT "@shop.example>\r\n"
                                       "In-Reply-To: <m1@mail.example.com>\r\n"
                                       "References: <m1@mail.example.com>\r\n"
                                       "MIME-Version: 1.0\r\n"
                                       "Content-Type: text/plain; charset=utf-8\r\n"
                                       "Content-Transfer-Encoding: 7bit\r\n"
                                       "\r\n"
                                       "It comes tomorrow.\r\n.\r\nBye\r\n");
    notify_call_free(&call);
    letter.subject = SEA_STR("RE: My order");
    expect(&letter, "\r\nSubject: RE: My order\r\n");
}

static void what_isnt_ascii_is_encoded(void **state)
{
    (void)state;
    struct notify_letter letter = letter_of(&ACCOUNT, "明日届きます\n😀");
    letter.subject = SEA_STR("注文1003の荷物はまだですか？とても長い件名の続きがあります");
    char *message = message_of(&letter);
    char *body = strstr(message, "Content-Transfer-Encoding: base64\r\n\r\n");
    assert_non_null(body);
    assert_string_equal(strchr(body, '\n') + 3, "5piO5pel5bGK44GN44G+44GZDQrwn5iADQo=\r\n");
    assert_non_null(strstr(message, "Subject: Re: =?UTF-8?B?"));
    assert_non_null(strstr(message, "?=\r\n =?UTF-8?B?"));
    for (const char *line = message; *line; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\r") <= 76);
    for (const char *at = message; *at; at++) assert_true((unsigned char)*at < 128);
    free(message);
}

static void nobodys_words_become_headers(void **state)
{
    static const char evil[] = "hi\r\nBcc: x@evil.example\r\n\r\nbody";
    (void)state;
    struct notify_letter letter = letter_of(&ACCOUNT, "hello");
    letter.subject = sea_str(evil);
    expect_none(&letter, "\nBcc:");
    letter.subject = SEA_STR("");
    letter.text = SEA_STR("hi\rBcc: x@evil.example\nmore");
    expect_none(&letter, "\rBcc:");
    letter.thread = sea_str(evil);
    expect_none(&letter, "In-Reply-To");
    letter.thread = SEA_STR("a>\tb");
    expect_none(&letter, "In-Reply-To");
    static const char *const WRONG[] = {"ana",
                                        "@example.com",
                                        "ana@",
                                        "a na@example.com",
                                        "ana@example.com\r\nBcc: x@evil.example",
                                        "a@b@c",
                                        "ana@example.com,x@evil.example",
                                        "<ana@example.com>",
                                        "an\xc3\xa1@example.com"};
    for (size_t i = 0; i < SEA_COUNT(WRONG); i++) {
        struct notify_call call = NOTIFY_CALL;
        letter.to = sea_str(WRONG[i]);
        assert_string_equal(notify_provider_call(&letter, &call), "no_address");
        notify_call_free(&call);
    }
}

static void what_no_person_wrote_says_so(void **state)
{
    (void)state;
    struct notify_letter letter = letter_of(&ACCOUNT, "Your order 1001 was sent.\nThank you");
    letter.subject = SEA_STR("My order");
    letter.thread = SEA_STR("m1@mail.example.com");
    expect_none(&letter, "Auto-Submitted");
    letter.class = SEA_CLASS_AUTO;
    expect(&letter, "\r\nAuto-Submitted: auto-replied\r\n");
    expect(&letter, "\r\nSubject: Re: My order\r\n");
    letter.class = SEA_CLASS_SERVICE;
    expect(&letter, "\r\nAuto-Submitted: auto-generated\r\n");
    expect(&letter, "\r\nSubject: Your order 1001 was sent.\r\n");
    expect_none(&letter, "In-Reply-To");
    expect_none(&letter, "List-Unsubscribe");
    letter.class = SEA_CLASS_MARKETING;
    expect(&letter, "\r\nList-Unsubscribe: <mailto:care@shop.example?subject=STOP&body=STOP>\r\n");
}

static void a_server_on_this_machine_needs_neither_tls_nor_login(void **state)
{
    static const struct {
        const char *base;
        bool is_plain;
    } CASES[] = {{"smtp://127.0.0.1:25", true},  {"smtp://localhost", true},
                 {"smtp://[::1]:25", true},      {"smtp://127.0.0.1.evil.example", false},
                 {"smtp://mail.example", false}, {"smtps://mail.example", false}};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_account account = ACCOUNT;
        struct notify_call call = NOTIFY_CALL;
        account.api_base = CASES[i].base;
        account.login = NULL;
        account.token.count = 0;
        account.sender = "care@shop.example";
        struct notify_letter letter = letter_of(&account, "hello");
        assert_null(notify_provider_call(&letter, &call));
        assert_int_equal(call.is_mail_plain, CASES[i].is_plain);
        assert_int_equal(call.mail_user.len, 0);
        assert_non_null(strstr(call.body.ptr, "\r\nFrom: <care@shop.example>\r\n"));
        notify_call_free(&call);
    }
}

enum { E = SEA_ADAPTER_SMTP };

static const struct answer_row ANSWERS[] = {
    {E, ANSWER(250, "250 2.0.0 Ok: queued as 4XyZ"), 1, OK, "", "2.0.0", 0, false},
    {E, ANSWER(450, "450 4.7.1 greylisted"), 1, LATER, "", "4.7.1", 2000, false},
    {E, ANSWER(452, "452 too many"), 1, LATER, "", "smtp_452", 2000, false},
    {E, ANSWER(550, "550 5.1.1 <ana@example.com>: nobody"), 1, NO, "", "5.1.1", 0, false},
    {E, ANSWER(554, "554 no"), 1, NO, "", "smtp_554", 0, false},
    {E, UNSENT(554, "554 no service here"), 1, LATER, "", "smtp_554", 2000, false},
    {E, UNSENT(535, "535 5.7.8 who are you"), 1, LATER, "", "5.7.8", 4000, false},
    {E, ANSWER(530, "530 5.7.0 log in first"), 1, LATER, "", "5.7.0", 4000, false},
    {E, UNSENT(0, ""), 1, LATER, "", "no_connection", 2000, false},
    {E, SILENCE, 1, MAYBE, "", "no_answer", 0, false},
    {E, ANSWER(550, "550 5.1.1234567 x"), 1, NO, "", "smtp_550", 0, false},
};

static void answers_are_read_for_what_they_prove(void **state)
{
    (void)state;
    expect_answers(ANSWERS, SEA_COUNT(ANSWERS));
}

SEA_TESTS(cmocka_unit_test(a_reply_goes_on_with_its_conversation),
          cmocka_unit_test(what_isnt_ascii_is_encoded),
          cmocka_unit_test(nobodys_words_become_headers),
          cmocka_unit_test(what_no_person_wrote_says_so),
          cmocka_unit_test(a_server_on_this_machine_needs_neither_tls_nor_login),
          cmocka_unit_test(answers_are_read_for_what_they_prove))
