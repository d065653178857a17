/* E-mail read at the edge: MIME, charsets, threads, quoted history, who wrote it, and forms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_mail.h"
#include "ingest_multipart.h"
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/messages.pb-c.h"

static struct sea_arena arena = SEA_ARENA(INGEST_ARENA_MAX);
static struct ingest_mail mail;

static void read_text(const char *message)
{
    sea_arena_reset(&arena);
    assert_true(ingest_mail_read(&mail, sea_str(message), &arena));
}

static void assert_str(struct sea_str got, const char *expected)
{
    if (!sea_str_is(got, expected))
        fail_msg("\"%.*s\" is not \"%s\"", (int)got.len, got.ptr, expected);
}

#define HEAD                                                                                       \
    "From: \"Ana\" <Ana@Example.com>\r\nTo: support@shop.example\r\nSubject: Hi\r\n"               \
    "Message-ID: <m1@example.com>\r\nDate: Sun, 22 Nov 2026 08:15:00 +0000\r\n"
#define TYPED(type) HEAD "MIME-Version: 1.0\r\nContent-Type: " type "\r\n"

/* ---- the header ---- */

/* CH-02 */
static void CH_02_a_reply_names_its_sender_its_thread_and_its_time(void **state)
{
    (void)state;
    read_text(HEAD "In-Reply-To: <job-7@shop.example>\r\nReferences: <a@b> <c@d>\r\n\r\nYes.\r\n");
    assert_str(mail.from, "ana@example.com");
    assert_str(mail.name, "Ana");
    assert_str(mail.subject, "Hi");
    assert_str(mail.message_id, "m1@example.com");
    assert_str(mail.in_reply_to, "job-7@shop.example");
    assert_str(mail.text, "Yes.");
    assert_int_equal(mail.sent_at_ms, INT64_C(1795335300000));
    assert_null(mail.automatic);
}

static void without_in_reply_to_the_last_reference_counts(void **state)
{
    (void)state;
    read_text(HEAD "References: <a@b>\r\n <c@d>\r\n\r\nx");
    assert_str(mail.in_reply_to, "c@d");
    read_text(HEAD "\r\nx");
    assert_str(mail.in_reply_to, "");
}

static void encoded_words_of_the_header_become_utf_8(void **state)
{
    (void)state;
    read_text("From: =?gb2312?B?zfXOsA==?= <w@example.cn>\r\n"
              "Subject: =?UTF-8?Q?Gr=C3=B6=C3=9Fe?= =?ISO-8859-1?Q?_=E9t=E9?=\r\n\r\nx");
    assert_str(mail.name, "王伟");
    assert_str(mail.subject, "Größe été");
    assert_str(mail.message_id, "");
}

static void what_is_no_message_has_no_sender_and_does_no_harm(void **state)
{
    static const char *const BROKEN[] = {"",
                                         "\r\n",
                                         "From:",
                                         "From: \r\n\r\n",
                                         "From: <>\r\n\r\nx",
                                         "x",
                                         "Content-Type: multipart/mixed\r\n\r\n--\r\n",
                                         "Subject: =?utf-8?b?\r\n",
                                         "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--"};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(BROKEN); i++) {
        read_text(BROKEN[i]);
        assert_str(mail.from, "");
    }
}

/* ---- charsets ---- */

static void assert_charset(const char *charset, const char *bytes, const char *expected)
{
    char message[600];
    snprintf(message, sizeof(message), TYPED("text/plain; charset=%s") "\r\n%s", charset, bytes);
    read_text(message);
    assert_str(mail.text, expected);
}

/* CH-02 */
static void CH_02_a_text_of_any_charset_becomes_utf_8(void **state)
{
    (void)state;
    assert_charset("utf-8", "Größe", "Größe");
    assert_charset("GB18030", "\xb6\xa9\xb5\xa5", "订单");
    assert_charset("gb2312", "\xb6\xa9\xb5\xa5", "订单");
    assert_charset("ISO-2022-JP", "\x1b$BCmJ8\x1b(B", "注文");
    assert_charset("Shift_JIS", "\x92\x8d\x95\xb6", "注文");
    assert_charset("windows-1252", "5 \x80, \x93ok\x94", "5 €, “ok”");
    assert_charset("iso-8859-1", "5 \x80", "5 €");
    assert_charset("windows-1256", "\xc3\xed\xe4", "أين");
    assert_charset("koi8-r", "\xe4\xc1", "Да");
    assert_charset("big5", "\xad\x71\xb3\xe6", "訂單");
    assert_charset("euc-kr", "\xc1\xd6\xb9\xae", "주문");
}

static void an_unknown_charset_and_bytes_outside_of_it_show_that_something_is_missing(void **state)
{
    (void)state;
    assert_charset("x-nobodys", "a\xe9z", "a?z");
    assert_charset("x-nobodys", "Größe", "Größe");
    assert_charset("utf-8", "a\xffz", "a?z");
    assert_charset("us-ascii", "a\xffz", "a?z");
    assert_charset("gb18030", "a\xff", "a\xef\xbf\xbd");
}

/* ---- parts ---- */

static void of_alternatives_the_plain_text_counts_and_the_html_where_there_is_none(void **state)
{
    (void)state;
    read_text(
        TYPED("multipart/alternative; boundary=b") "\r\n--b\r\nContent-Type: text/html\r\n\r\n"
                                                   "<p>html</p>\r\n--b\r\nContent-Type: "
                                                   "text/plain\r\n\r\nplain\r\n--b--\r\n");
    assert_str(mail.text, "plain");
    assert_int_equal(mail.attachments_count, 0);
    read_text(TYPED(
        "multipart/alternative; boundary=b") "\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
                                             " \r\n--b\r\nContent-Type: "
                                             "text/html\r\n\r\n<style>p{}</style><p>One<br>two "
                                             "&eacute;&euro;</p>\r\n--b--\r\n");
    assert_str(mail.text, "One\ntwo é€");
}

static void html_and_a_footer_beside_it_are_both_kept(void **state)
{
    (void)state;
    read_text(TYPED("multipart/mixed; boundary=b") "\r\n--b\r\nContent-Type: text/html\r\n\r\n"
                                                   "<div>words</div>\r\n--b\r\nContent-Type: "
                                                   "text/plain\r\n\r\nfooter\r\n--b--\r\n");
    assert_str(mail.text, "words\nfooter");
}

/* CH-02 */
static void CH_02_attachments_are_named_typed_measured_and_hashed(void **state)
{
    (void)state;
    read_text(TYPED(
        "multipart/mixed; boundary=b") "\r\n--b\r\n\r\nSee photo.\r\n--b\r\n"
                                       "Content-Type: image/png; "
                                       "name=\"x.png\"\r\nContent-Transfer-Encoding: base64\r\n"
                                       "Content-Disposition: attachment; "
                                       "filename*=UTF-8''%e5%9b%be.png\r\n\r\n"
                                       "aGVsbG8=\r\n--b\r\nContent-Type: "
                                       "message/rfc822\r\n\r\nFrom: a@b\r\n\r\nold\r\n"
                                       "--b--\r\n");
    uint8_t hello[32];
    assert_true(sea_hex_parse(
        SEA_STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), hello, 32));
    assert_str(mail.text, "See photo.");
    assert_int_equal(mail.attachments_count, 2);
    assert_str(mail.attachments[0].name, "图.png");
    assert_str(mail.attachments[0].mime, "image/png");
    assert_int_equal(mail.attachments[0].size_bytes, 5);
    assert_true(mail.attachments[0].has_sha256);
    assert_memory_equal(mail.attachments[0].sha256, hello, 32);
    assert_true(mail.attachments[0].is_inside);
    assert_str(mail.attachments[0].bytes, "hello");
    assert_str(mail.attachments[1].mime, "message/rfc822");
    assert_str(mail.attachments[1].bytes, "From: a@b\r\n\r\nold");
}

/* CH-02 */
static void CH_02_an_image_in_the_words_is_a_file_like_any_other(void **state)
{
    (void)state;
    read_text(TYPED("multipart/related; boundary=b") "\r\n--b\r\nContent-Type: text/html\r\n\r\n"
                                                     "<p>See <img src=\"cid:1\"></p>\r\n--b\r\n"
                                                     "Content-Type: image/gif\r\n"
                                                     "Content-ID: <1>\r\n"
                                                     "Content-Disposition: inline\r\n\r\nGIF8"
                                                     "\r\n--b\r\nContent-Type: text/plain\r\n"
                                                     "Content-Disposition: attachment\r\n\r\n"
                                                     "\r\n--b--\r\n");
    assert_str(mail.text, "See");
    assert_int_equal(mail.attachments_count, 2);
    assert_str(mail.attachments[0].bytes, "GIF8");
    assert_true(mail.attachments[1].is_inside);
    assert_int_equal(ingest_pieces(&mail.attachments[1]), 1); /* an empty file is told as one */
}

static void a_file_goes_on_in_pieces_that_make_it_up(void **state)
{
    (void)state;
    static char bytes[2 * INGEST_PIECE_BYTES + 7];
    static const struct {
        size_t len;
        uint32_t pieces;
    } CASES[] = {
        {0, 1}, {1, 1}, {INGEST_PIECE_BYTES, 1}, {INGEST_PIECE_BYTES + 1, 2}, {sizeof(bytes), 3}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct ingest_attachment file = {.is_inside = true, .bytes = {bytes, CASES[i].len}};
        size_t sum = 0;
        assert_int_equal(ingest_pieces(&file), CASES[i].pieces);
        for (uint32_t piece = 0; piece < CASES[i].pieces; piece++) {
            struct sea_str one = ingest_piece(&file, piece);
            assert_ptr_equal(one.ptr, bytes + sum);
            assert_true(one.len <= INGEST_PIECE_BYTES);
            sum += one.len;
        }
        assert_int_equal(sum, CASES[i].len);
        file.is_inside = false;
        assert_int_equal(ingest_pieces(&file), 0);
    }
}

/* A message of `count` pieces after a head. */
static void read_many(const char *head, const char *piece, size_t count)
{
    struct sea_buf text = SEA_BUF(INGEST_MAIL_MAX);
    sea_buf_text(&text, head);
    while (count--) sea_buf_text(&text, piece);
    sea_arena_reset(&arena);
    assert_true(ingest_mail_read(&mail, sea_buf_view(&text), &arena));
    sea_buf_free(&text);
}

static void hostile_messages_cost_little_and_say_that_they_were_cut(void **state)
{
    (void)state;
    read_many("From: a@b\r\nTo : ", "a:", 200000);
    assert_true(mail.is_cut);
    read_many("From: a@b\r\nTo: ", "a:", 200000);
    assert_true(mail.is_cut);
    assert_str(mail.from, "a@b");
    read_many("From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\n\n", 1000000);
    assert_true(mail.is_cut);
    read_many("From: a@b\r\n", "X: y\r\n", 1000000);
    assert_true(mail.is_cut);
    read_many("From: a@b\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", 9000);
    read_many("From: a@b\r\n", "Content-Type: message/rfc822\r\n\r\n", 9000);
    read_many("From: a@b\r\nContent-Type: text/html\r\n\r\n", "<blockquote><!--<style>", 100000);
    assert_str(mail.from, "a@b");
    read_many("From: a@b\r\nContent-Type: text/html\r\n\r\n", "<<<<<<<<<<", 100000);
    read_many("From: a@b\r\nSubject: ", "words ", 10000);
    assert_true(mail.subject.len > 1900 && mail.subject.len <= INGEST_MAIL_LINE_MAX);
    read_many("From: a@b\r\nSubject: ", "\xff\xe9 ", 1000000);
    assert_true(mail.is_cut);
    read_many("From: a@b\r\nReferences: ", "<a@b>", 1000000);
    assert_true(mail.is_cut);
    read_many("From: a@b\r\n\r\n", "more words ", 100000);
    assert_false(mail.is_cut);
    assert_true(mail.text.len > INGEST_MAIL_TEXT_MAX && mail.text.len < INGEST_MAIL_TEXT_MAX + 10);
    assert_memory_equal(mail.text.ptr + mail.text.len - 5, "[…]", 5);
}

static void words_of_a_form_of_any_size_are_kept_as_far_as_promised(void **state)
{
    struct sea_buf words = SEA_BUF(INGEST_MAIL_MAX);
    (void)state;
    while (words.len < INGEST_MAIL_MAX - 20) sea_buf_text(&words, "a\xff ");
    const struct sea_str none = {NULL, 0};
    for (int i = 0; i < 2; i++) {
        read_text(HEAD "\r\n");
        ingest_mail_words(&mail, i ? none : sea_buf_view(&words), i ? sea_buf_view(&words) : none,
                          &arena);
        assert_true(mail.text.len > INGEST_MAIL_TEXT_MAX);
        assert_memory_equal(mail.text.ptr, "a? a? ", 6);
    }
    sea_buf_free(&words);
}

/* ---- quoted history ---- */

static const char OUTLOOK[] =
    "________________________________\nFrom: Support <s@shop.example>\n"
    "Sent: Sunday, 22 November 2026 08:15\nTo: Ana\nSubject: RE: Hi\n\nold";

/* CH-02 */
static void CH_02_quoted_history_is_cut_in_many_languages(void **state)
{
    static const char *const HISTORIES[] = {
        "On Sun, Nov 22, 2026 at 8:15 AM Support <s@shop.example> wrote:\n\n> old\n> older",
        "On Sun, Nov 22, 2026 at 8:15 AM Support Team of the Shop\n<s@shop.example> wrote:\n> old",
        "On 22 Nov 2026, at 08:15, Support wrote:\nold",
        "Am 22.11.2026 um 08:15 schrieb Support:\n> alt",
        "Am So., 22. Nov. 2026 um 08:15 Uhr schrieb Support <s@shop.example>:\n\n> alt",
        "Le dim. 22 nov. 2026 à 08:15, Support <s@shop.example> a écrit :\n> vieux",
        "El dom, 22 nov 2026 a las 8:15, Soporte (<s@shop.example>) escribió:\n\n> viejo",
        "Em dom., 22 de nov. de 2026 às 08:15, S <s@shop.example> escreveu:\n> velho",
        "Il giorno dom 22 nov 2026 alle ore 08:15 S <s@shop.example> ha scritto:\n> vecchio",
        "Op zo 22 nov. 2026 om 08:15 schreef S <s@shop.example>:\n> oud",
        "在 2026年11月22日，下午4:15，客服 <s@shop.example> 写道：\n\n您好",
        "客服 <s@shop.example> 于2026年11月22日周日 16:15写道：\n> 您好",
        "2026年11月22日(日) 17:15 Support <s@shop.example>:\n> 以前",
        "-----Original Message-----\nFrom: Support\nold",
        "-----Ursprüngliche Nachricht-----\nalt",
        "------------------ 原始邮件 ------------------\n旧",
        OUTLOOK,
        "Von: Support\nGesendet: Sonntag, 22. November 2026 08:15\nAn: Ana\nBetreff: AW: Hi\n\nalt",
        "De : Support\nEnvoyé : dimanche 22 novembre 2026 08:15\nÀ : Ana\nObjet : RE: Hi\n\nvieux",
        "发件人: 客服\n发送时间: 2026年11月22日 16:15\n收件人: Ana\n主题: 回复: Hi\n\n旧",
        "*From:* Support\n*Date:* Sun, 22 Nov 2026\n*To:* Ana\n*Subject:* Hi\n\nold",
        "> old\n>> older",
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(HISTORIES); i++) {
        char text[800];
        snprintf(text, sizeof(text), "It is broken.\nPlease help.\n\n%s\n", HISTORIES[i]);
        sea_arena_reset(&arena);
        struct sea_str fresh = ingest_mail_fresh(sea_str(text), &arena);
        if (!sea_str_is(fresh, "It is broken.\nPlease help."))
            fail_msg("%s\nleaves\n%.*s", text, (int)fresh.len, fresh.ptr);
    }
}

static void what_is_no_history_stays(void **state)
{
    static const char *const KEPT[] = {
        "On Monday I wrote:\nno answer came",
        "From: Lisbon\nI want to go to Porto.",
        "I ordered 3 things:\n- a\n- b",
        "-- \nAna\nOriginal things",
        ">5 kg is too much",
        "> all of it\n> is quoted",
        "On 22 Nov 2026, Support wrote:\nall of it",
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(KEPT); i++) {
        sea_arena_reset(&arena);
        assert_str(ingest_mail_fresh(sea_str(KEPT[i]), &arena), KEPT[i]);
    }
}

static void an_answer_below_or_between_quoted_lines_is_kept(void **state)
{
    (void)state;
    sea_arena_reset(&arena);
    assert_str(ingest_mail_fresh(sea_str("On 22 Nov 2026, S <s@x> wrote:\n> Which size?\nM.\n> "
                                         "Which colour?\nRed."),
                                 &arena),
               "M.\nRed.");
    read_text(
        TYPED("text/html") "\r\n<div>On 22 Nov 2026 08:15, S wrote:<br></div><blockquote>"
                           "<p>Which size?</p><blockquote>x</blockquote>y</blockquote><p>M.</p>");
    assert_str(mail.text, "M.");
}

static void a_forwarded_message_is_kept_whole(void **state)
{
    (void)state;
    read_text("From: a@b\r\nSubject: Fwd: bill\r\n\r\nSee below.\r\n-----Original Message-----\r\n"
              "old");
    assert_str(mail.text, "See below.\n-----Original Message-----\nold");
}

/* ---- loops ---- */

#define OURS "00010203-0405-0607-0809-0a0b0c0d0e0f@shop.example"
#define REPORT(action, type, ours)                                                                 \
    "From: MAILER-DAEMON@mx.example\r\nMessage-ID: <b1@mx.example>\r\nMIME-Version: 1.0\r\n"       \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"              \
    "--b\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"                                     \
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"   \
    "Final-Recipient: rfc822; ana@example.com\r\nAction: " action                                  \
    "\r\nStatus: 5.1.1 (no such user)\r\n"                                                         \
    "--b\r\nContent-Type: " type "\r\n\r\n" ours "\r\n--b--\r\n"
#define RETURNED "To: <ana@example.com>\r\nMessage-ID: <" OURS ">\r\n\r\nwords"

static void a_report_of_failure_names_the_message_of_ours(void **state)
{
    static const char *const FAILED[] = {REPORT("failed", "message/rfc822", RETURNED),
                                         REPORT("Failed", "text/rfc822-headers", RETURNED)};
    static const char *const OTHERS[] = {
        REPORT("delayed", "message/rfc822", RETURNED),
        REPORT("delivered", "text/rfc822-headers", RETURNED),
        REPORT("failed", "message/rfc822", "Message-ID: <m1@example.com>\r\n\r\nwords"),
        REPORT("failed", "text/plain", RETURNED), HEAD "\r\nwords"};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(FAILED); i++) {
        char attempt[SEA_UUID_TEXT];
        read_text(FAILED[i]);
        sea_uuid_print(mail.bounce.attempt, attempt);
        assert_string_equal(attempt, "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_str(mail.bounce.id, OURS);
        assert_str(mail.bounce.to, "ana@example.com");
        assert_str(mail.bounce.code, "5.1.1");
        assert_string_equal(mail.automatic, "bounce");
    }
    for (size_t i = 0; i < SEA_COUNT(OTHERS); i++) {
        read_text(OTHERS[i]);
        assert_true(sea_uuid_is_nil(mail.bounce.attempt));
    }
}

static void what_no_person_wrote_says_why(void **state)
{
    static const struct {
        const char *head, *reason;
    } CASES[] = {
        {"Auto-Submitted: auto-replied\r\n", "auto_submitted"},
        {"Auto-Submitted: auto-generated; x=y\r\n", "auto_submitted"},
        {"Auto-Submitted: no\r\n", NULL},
        {"X-Autoreply: yes\r\n", "auto_submitted"},
        {"Precedence: bulk\r\n", "precedence"},
        {"Precedence: Junk\r\n", "precedence"},
        {"Precedence: first-class\r\n", NULL},
        {"X-Auto-Response-Suppress: All\r\n", "suppressed"},
        {"X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n", "suppressed"},
        {"List-Id: News <news.example.com>\r\n", "list"},
        {"Return-Path: <>\r\n", "bounce"},
        {"Return-Path: <ana@example.com>\r\n", NULL},
        {"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n", "bounce"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        char message[800];
        snprintf(message, sizeof(message), HEAD "%s\r\nwords", CASES[i].head);
        read_text(message);
        if (CASES[i].reason)
            assert_string_equal(mail.automatic, CASES[i].reason);
        else
            assert_null(mail.automatic);
    }
    read_text("From: MAILER-DAEMON@example.com\r\n\r\nx");
    assert_string_equal(mail.automatic, "bounce");
    read_many("From: a@b\r\n", "Received: by x; Sun, 22 Nov 2026 08:15:00 +0000\r\n", 51);
    assert_string_equal(mail.automatic, "hops");
}

/* ---- items ---- */

static struct ingest_items items;

static const struct ingest_message *found(const char *message, const char *recipient)
{
    static const struct sea_channel channel = {"email", SEA_ADAPTER_GENERIC, SEA_CHANNEL_EMAIL};
    static const struct sea_account account = {.channel = &channel, .name = "demo"};
    const struct ingest_webhook hook = {.account = &account};
    read_text(message);
    items = (struct ingest_items){.arena = &arena};
    struct ingest_item *item =
        ingest_found_mail(&hook, &items, &mail, sea_str(recipient), sea_str(message));
    return item ? &item->message : NULL;
}

static void our_own_messages_are_automatic(void **state)
{
    (void)state;
    const struct ingest_message *message = found(HEAD "\r\nx", "ana@example.com");
    assert_true(message->is_automatic);
    assert_string_equal(message->automatic, "own");
    assert_false(found(HEAD "\r\nx", "support@shop.example")->is_automatic);
}

static void
CH_14_a_buyers_message_carries_the_marketplaces_order_and_no_address_of_the_buyer(void **state)
{
    (void)state;
    const struct ingest_message *message =
        found("From: Ana <x9@marketplace.amazon.com.br>\r\nPrecedence: bulk\r\n"
              "Subject: Order 1903-8868176-2219830, Order: 903-8868176-2219830\r\n\r\nHi",
              "seller@shop.example");
    assert_str(message->order_id, "903-8868176-2219830");
    assert_str(message->email, "");
    assert_false(message->is_automatic);
    assert_str(items.list[0].contact_id, "x9@marketplace.amazon.com.br");
    message = found("From: Ana <x9@example.com>\r\nSubject: 903-8868176-2219830\r\n\r\nHi", "");
    assert_str(message->order_id, "");
    assert_str(message->email, "x9@example.com");
}

static void a_message_without_an_id_gets_the_same_one_whenever_it_comes(void **state)
{
    char first[64];
    (void)state;
    snprintf(first, sizeof(first), "%s",
             found("From: a@b\r\nReceived: 1\r\n\r\nx", "")->external_id.ptr);
    assert_str(found("From: a@b\r\nReceived: 2\r\n\r\nx", "")->external_id, first);
    assert_false(sea_str_is(found("From: a@b\r\n\r\ny", "")->external_id, first));
}

static void without_a_sender_it_goes_to_the_dead_letters(void **state)
{
    (void)state;
    assert_null(found("Subject: x\r\n\r\nwords", ""));
    assert_int_equal(items.count, 1);
    assert_int_equal(items.list[0].kind, INGEST_DEAD);
}

static void a_message_with_nothing_but_a_picture_is_a_picture(void **state)
{
    (void)state;
    const struct ingest_message *message =
        found(TYPED("image/jpeg; name=a.jpg") "Content-Transfer-Encoding: base64\r\n\r\nAAAA", "");
    assert_int_equal(message->kind, SEADESK__V1__MESSAGE_KIND__IMAGE);
    assert_int_equal(message->attachments_count, 1);
}

/* ---- forms ---- */

#define FORM "multipart/form-data; boundary=\"b\""

static size_t parts_of(const char *type, const char *body, struct ingest_part *ret, size_t most)
{
    struct ingest_multipart multipart;
    size_t count = 0;
    if (!ingest_multipart_open(&multipart, sea_str(type), sea_str(body))) return 0;
    while (count < most && ingest_multipart_next(&multipart, &ret[count])) count++;
    return count;
}

static void fields_and_files_of_a_form_are_told_apart(void **state)
{
    struct ingest_part parts[4] = {{.is_file = false}};
    (void)state;
    size_t count =
        parts_of(FORM,
                 "preamble\r\n--b\r\nContent-Disposition: form-data; "
                 "name=\"a\"\r\n\r\none\r\ntwo\r\n--b \r\n"
                 "content-disposition: form-data; filename=\"x; name=.txt\"; name=f\r\n"
                 "Content-Type: text/plain\r\n\r\n\r\n--b\r\n\r\nno name\r\n--b--\r\nepilogue",
                 parts, 4);
    assert_int_equal(count, 2);
    assert_str(parts[0].name, "a");
    assert_str(parts[0].value, "one\r\ntwo");
    assert_false(parts[0].is_file);
    assert_str(parts[1].name, "f");
    assert_str(parts[1].file, "x; name=.txt");
    assert_str(parts[1].type, "text/plain");
    assert_str(parts[1].value, "");
    assert_true(parts[1].is_file);
}

static void broken_forms_end_without_a_part(void **state)
{
    static const struct {
        const char *type, *body;
    } CASES[] = {
        {"multipart/form-data", "--b\r\n"},
        {"multipart/form-data; boundary=", "--\r\n"},
        {"multipart/form-data; "
         "boundary=123456789012345678901234567890123456789012345678901234567890"
         "123456789012",
         "--"},
        {"multipart/mixed; boundary=b", "--b\r\n\r\n\r\n--b--"},
        {FORM, ""},
        {FORM, "--b"},
        {FORM, "--b--"},
        {FORM, "--b\r\n"},
        {FORM, "--b\r\n\r\n--b--"},
        {FORM, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--"},
        {FORM, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nbroken off"},
        {FORM, "--b\r\nContent-Disposition: form-data; name=\"\\"},
    };
    struct ingest_part parts[2];
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_int_equal(parts_of(CASES[i].type, CASES[i].body, parts, 2), 0);
}

static void a_field_is_found_in_either_kind_of_form(void **state)
{
    struct sea_http_header header = {SEA_STR("content-type"), SEA_STR(FORM)};
    struct ingest_webhook hook = {
        .headers = &header,
        .headers_count = 1,
        .body = SEA_STR("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1+1\r\n--b--")};
    (void)state;
    assert_str(ingest_field(&hook, "a", &arena), "1+1");
    assert_str(ingest_field(&hook, "b", &arena), "");
    header.value = SEA_STR("application/x-www-form-urlencoded");
    hook.body = SEA_STR("b=x&a=1%2B1+2");
    assert_str(ingest_field(&hook, "a", &arena), "1+1 2");
}

static int close_arena(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(CH_02_a_reply_names_its_sender_its_thread_and_its_time),
        cmocka_unit_test(without_in_reply_to_the_last_reference_counts),
        cmocka_unit_test(encoded_words_of_the_header_become_utf_8),
        cmocka_unit_test(what_is_no_message_has_no_sender_and_does_no_harm),
        cmocka_unit_test(CH_02_a_text_of_any_charset_becomes_utf_8),
        cmocka_unit_test(an_unknown_charset_and_bytes_outside_of_it_show_that_something_is_missing),
        cmocka_unit_test(of_alternatives_the_plain_text_counts_and_the_html_where_there_is_none),
        cmocka_unit_test(html_and_a_footer_beside_it_are_both_kept),
        cmocka_unit_test(CH_02_attachments_are_named_typed_measured_and_hashed),
        cmocka_unit_test(CH_02_an_image_in_the_words_is_a_file_like_any_other),
        cmocka_unit_test(a_file_goes_on_in_pieces_that_make_it_up),
        cmocka_unit_test(words_of_a_form_of_any_size_are_kept_as_far_as_promised),
        cmocka_unit_test(hostile_messages_cost_little_and_say_that_they_were_cut),
        cmocka_unit_test(CH_02_quoted_history_is_cut_in_many_languages),
        cmocka_unit_test(what_is_no_history_stays),
        cmocka_unit_test(an_answer_below_or_between_quoted_lines_is_kept),
        cmocka_unit_test(a_forwarded_message_is_kept_whole),
        cmocka_unit_test(a_report_of_failure_names_the_message_of_ours),
        cmocka_unit_test(what_no_person_wrote_says_why),
        cmocka_unit_test(our_own_messages_are_automatic),
        cmocka_unit_test(
            CH_14_a_buyers_message_carries_the_marketplaces_order_and_no_address_of_the_buyer),
        cmocka_unit_test(a_message_without_an_id_gets_the_same_one_whenever_it_comes),
        cmocka_unit_test(without_a_sender_it_goes_to_the_dead_letters),
        cmocka_unit_test(a_message_with_nothing_but_a_picture_is_a_picture),
        cmocka_unit_test(fields_and_files_of_a_form_are_told_apart),
        cmocka_unit_test(broken_forms_end_without_a_part),
        cmocka_unit_test(a_field_is_found_in_either_kind_of_form),
    };
    return cmocka_run_group_tests(tests, NULL, close_arena);
}
