/* LMTP as a conversation: commands in order, addresses, pipelining, dots, limits, an answer for
 * each recipient. */
#include <stdlib.h>
#include <string.h>

#include "ingest_lmtp.h"
#include "sea_cmocka.h"

enum { MESSAGE_MAX = 1000 };

static struct ingest_lmtp_budget budget;

static enum ingest_lmtp_outcome has(void *ctx, struct sea_str address)
{
    char mailbox[INGEST_LMTP_ADDRESS_MAX];
    (void)ctx;
    if (!ingest_lmtp_mailbox(address, mailbox)) return INGEST_LMTP_UNKNOWN;
    if (strcmp(mailbox, "closed") == 0) return INGEST_LMTP_DISABLED;
    if (strcmp(mailbox, "abroad") == 0) return INGEST_LMTP_ELSEWHERE;
    return strcmp(mailbox, "demo") == 0 ? INGEST_LMTP_TAKEN : INGEST_LMTP_UNKNOWN;
}

static struct ingest_lmtp *opened(void)
{
    struct ingest_lmtp *lmtp = sea_alloc(sizeof(*lmtp));
    budget = (struct ingest_lmtp_budget){.max_bytes = 4 * MESSAGE_MAX};
    lmtp->has = has;
    lmtp->budget = &budget;
    lmtp->message_max_bytes = MESSAGE_MAX;
    ingest_lmtp_open(lmtp);
    return lmtp;
}

static void closed(struct ingest_lmtp *lmtp)
{
    ingest_lmtp_close(lmtp);
    assert_int_equal(budget.used_bytes, 0);
    free(lmtp);
}

/* What is said to `text`, of each line the first three digits: "220 250". All of it is taken. */
static const char *codes(struct ingest_lmtp *lmtp, const char *text)
{
    static char ret[8192];
    size_t len = 0;
    assert_int_equal(ingest_lmtp_feed(lmtp, sea_str(text)), strlen(text));
    for (size_t at = 0; at < lmtp->out.len; at++) {
        if (at && lmtp->out.ptr[at - 1] != '\n') continue;
        if (lmtp->out.ptr[at + 3] == '-') continue;
        assert_true(len + 5 < sizeof(ret));
        if (len) ret[len++] = ' ';
        memcpy(ret + len, lmtp->out.ptr + at, 3);
        len += 3;
    }
    ret[len] = '\0';
    sea_buf_reset(&lmtp->out);
    return ret;
}

#define START "LHLO mx\r\nMAIL FROM:<ana@example.com>\r\n"

static void a_message_goes_through_command_by_command_or_all_at_once(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    assert_string_equal(codes(lmtp, "LHLO mx\r\n"), "220 250");
    assert_string_equal(codes(lmtp, "mail from: <a@b> SIZE=100 body=8bitmime SMTPUTF8\r\n"), "250");
    assert_string_equal(codes(lmtp, "rcpt to:<demo@x>\r\n"), "250");
    assert_string_equal(codes(lmtp, "DATA\r\n"), "354");
    assert_string_equal(codes(lmtp, "Subject: x\r\n\r\nhello\r\n.\r\n"), "");
    assert_int_equal(lmtp->state, INGEST_LMTP_WHOLE);
    assert_true(sea_str_is(sea_buf_view(&lmtp->message),
                           "Return-Path: <a@b>\r\nSubject: x\r\n\r\nhello\r\n"));
    ingest_lmtp_done(lmtp, INGEST_LMTP_TAKEN);
    assert_string_equal(codes(lmtp, "MAIL FROM:<>\r\nRCPT TO:<Demo+t1@x>\r\nDATA\r\nb\r\n.\r\n"),
                        "250 250 250 354");
    assert_true(sea_str_is(sea_buf_view(&lmtp->message), "Return-Path: <>\r\nb\r\n"));
    ingest_lmtp_done(lmtp, INGEST_LMTP_LATER);
    assert_string_equal(codes(lmtp, "QUIT\r\n"), "451 221");
    assert_int_equal(lmtp->state, INGEST_LMTP_OVER);
    closed(lmtp);
}

static void what_follows_a_message_waits_for_its_answer(void **state)
{
    static const char TEXT[] = START "RCPT TO:<demo@x>\r\nDATA\r\na\r\n.\r\nNOOP\r\n";
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    assert_int_equal(ingest_lmtp_feed(lmtp, sea_str(TEXT)), strlen(TEXT) - 6);
    assert_int_equal(ingest_lmtp_feed(lmtp, SEA_STR("NOOP\r\n")), 0);
    ingest_lmtp_done(lmtp, INGEST_LMTP_TAKEN);
    assert_string_equal(codes(lmtp, "NOOP\r\n"), "220 250 250 250 354 250 250");
    closed(lmtp);
}

static void each_accepted_recipient_has_an_answer_of_its_own(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    assert_string_equal(codes(lmtp, START
                              "RCPT TO:<demo@x>\r\nRCPT TO:<nobody@x>\r\n"
                              "RCPT TO:<abroad@x>\r\nRCPT TO:<demo+2@x>\r\nDATA\r\na\r\n.\r\n"),
                        "220 250 250 250 550 550 250 354");
    assert_int_equal(lmtp->recipients_count, 2);
    ingest_lmtp_done(lmtp, INGEST_LMTP_REFUSED);
    assert_string_equal(codes(lmtp, "RSET\r\n"), "552 552 250");
    closed(lmtp);
}

static void a_closed_mailbox_says_so_once_its_message_is_kept(void **state)
{
    static const char TEXT[] =
        "MAIL FROM:<ana@example.com>\r\nRCPT TO:<closed@x>\r\nRCPT TO:<demo@x>\r\n"
        "RCPT TO:<closed+1@x>\r\nDATA\r\na\r\n.\r\n";
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    assert_string_equal(codes(lmtp, "LHLO mx\r\n"), "220 250");
    assert_string_equal(codes(lmtp, TEXT), "250 250 250 250 354");
    assert_int_equal(lmtp->recipients_count, 3);
    ingest_lmtp_done(lmtp, INGEST_LMTP_TAKEN);
    assert_string_equal(codes(lmtp, TEXT), "550 250 550 250 250 250 250 354");
    ingest_lmtp_done(lmtp, INGEST_LMTP_LATER);
    assert_string_equal(codes(lmtp, "RSET\r\n"), "451 451 451 250");
    closed(lmtp);
}

static void commands_out_of_order_and_broken_ones_are_refused_by_name(void **state)
{
    static const struct {
        const char *text, *code;
    } CASES[] = {
        {"MAIL FROM:<a@b>\r\n", "503"},
        {"EHLO mx\r\n", "500"},
        {"LHLO\r\n", "501"},
        {"BDAT 1 LAST\r\n", "500"},
        {"DATABASE\r\n", "500"},
        {"\r\n", "500"},
        {"LHLO mx\r\n", "250"},
        {"RCPT TO:<demo@x>\r\n", "503"},
        {"DATA\r\n", "503"},
        {"MAIL FROM:a@b\r\n", "501"},
        {"MAIL FROM:<a@b\r\n", "501"},
        {"MAIL FROM:<a@b> SIZE=1001\r\n", "552"},
        {"MAIL FROM:<a@b> SIZE=x\r\n", "501"},
        {"MAIL FROM:<a@b> AUTH=<>\r\n", "555"},
        {"MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "555"},
        {"MAIL FROM:<a@b> BODY=7BIT\r\n", "250"},
        {"MAIL FROM:<a@b>\r\n", "503"},
        {"RCPT TO:<demo>\r\n", "550"},
        {"RCPT TO:<@relay.example:demo@x>\r\n", "250"},
        {"RCPT TO:<demo@x> NOTIFY=NEVER\r\n", "501"},
        {"VRFY demo\r\n", "252"},
        {"LHLO again\r\n", "250"},
        {"RCPT TO:<demo@x>\r\n", "503"},
    };
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    codes(lmtp, "");
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        lmtp->mistakes = 0;
        const char *got = codes(lmtp, CASES[i].text);
        if (strcmp(got, CASES[i].code) != 0) fail_msg("%s is answered %s", CASES[i].text, got);
    }
    closed(lmtp);
}

static void a_client_that_only_makes_mistakes_is_sent_away(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    for (int i = 1; i < INGEST_LMTP_MISTAKES_MAX; i++) codes(lmtp, "GET / HTTP/1.1\r\n");
    assert_int_equal(lmtp->state, INGEST_LMTP_COMMANDS);
    assert_string_equal(codes(lmtp, "GET / HTTP/1.1\r\n"), "500 421");
    assert_int_equal(lmtp->state, INGEST_LMTP_OVER);
    closed(lmtp);
}

static void dots_are_doubled_and_only_one_alone_between_line_ends_is_the_end(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    assert_string_equal(codes(lmtp,
                              START "RCPT TO:<demo@x>\r\nDATA\r\n..a\r\nb\n.\nc\n.\r\nd\r\n.\n"
                                    "e\r\n...\r\n.\r\n"),
                        "220 250 250 250 354");
    assert_int_equal(lmtp->state, INGEST_LMTP_WHOLE);
    assert_true(
        sea_str_is(sea_buf_view(&lmtp->message),
                   "Return-Path: <ana@example.com>\r\n.a\r\nb\n.\nc\n.\r\nd\r\n\ne\r\n..\r\n"));
    closed(lmtp);
}

/* However a conversation is cut into pieces, it means the same. */
static void bytes_come_in_pieces_of_any_length(void **state)
{
    static const char TEXT[] = START "RCPT TO:<demo@x>\r\nDATA\r\na\r\n..b\r\n\r\n.\r\n";
    (void)state;
    for (size_t step = 1; step < sizeof(TEXT); step++) {
        struct ingest_lmtp *lmtp = opened();
        size_t taken = 0;
        for (size_t came = step; lmtp->state != INGEST_LMTP_WHOLE; came += step) {
            if (came > sizeof(TEXT) - 1) came = sizeof(TEXT) - 1;
            taken += ingest_lmtp_feed(lmtp, (struct sea_str){TEXT + taken, came - taken});
        }
        assert_int_equal(taken, sizeof(TEXT) - 1);
        assert_true(sea_str_is(sea_buf_view(&lmtp->message),
                               "Return-Path: <ana@example.com>\r\na\r\n.b\r\n\r\n"));
        closed(lmtp);
    }
}

/* Feeds piece by piece, as a connection does with what it has. */
static void feed_many(struct ingest_lmtp *lmtp, const char *piece, size_t count)
{
    struct sea_buf text = SEA_BUF(1 << 24);
    for (size_t i = 0; i < count; i++) sea_buf_text(&text, piece);
    size_t taken = ingest_lmtp_feed(lmtp, sea_buf_view(&text));
    assert_true(taken == text.len || lmtp->state == INGEST_LMTP_OVER);
    sea_buf_free(&text);
}

static void a_message_that_is_too_large_is_read_to_its_end_and_refused(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    codes(lmtp, START "RCPT TO:<demo@x>\r\nDATA\r\n");
    feed_many(lmtp, "0123456789\r\n", 100);
    assert_int_equal(lmtp->message.len, 0);
    assert_string_equal(codes(lmtp, ".\r\nNOOP\r\n"), "552 250");
    closed(lmtp);
}

static void a_line_without_an_end_needs_no_more_than_its_share(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    codes(lmtp, START "RCPT TO:<demo@x>\r\nDATA\r\n");
    feed_many(lmtp, "x", 65536);
    assert_string_equal(codes(lmtp, "\r\n.\r\n"), "552");
    struct sea_buf line = SEA_BUF(100000);
    for (int i = 0; i < INGEST_LMTP_LINE_MAX + 1; i++) sea_buf_char(&line, 'x');
    assert_int_equal(ingest_lmtp_feed(lmtp, sea_buf_view(&line)), 0);
    assert_int_equal(lmtp->state, INGEST_LMTP_OVER);
    sea_buf_free(&line);
    closed(lmtp);
}

static void messages_share_their_memory(void **state)
{
    struct ingest_lmtp *lmtp = opened(), *other = sea_alloc(sizeof(*other));
    (void)state;
    memcpy(other, lmtp, sizeof(*other));
    ingest_lmtp_open(other);
    budget.max_bytes = 500;
    codes(lmtp, START "RCPT TO:<demo@x>\r\nDATA\r\n");
    codes(other, START "RCPT TO:<demo@x>\r\nDATA\r\n");
    feed_many(lmtp, "0123456789\r\n", 30);
    feed_many(other, "0123456789\r\n", 30);
    assert_string_equal(codes(other, ".\r\n"), "451");
    codes(lmtp, ".\r\n");
    assert_int_equal(lmtp->state, INGEST_LMTP_WHOLE);
    budget.max_bytes = 10;
    assert_string_equal(codes(other, "MAIL FROM:<>\r\nRCPT TO:<demo@x>\r\nDATA\r\n"),
                        "250 250 452");
    ingest_lmtp_close(other);
    free(other);
    closed(lmtp);
}

static void too_many_recipients_are_told_to_come_again(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    codes(lmtp, START);
    for (int i = 0; i < INGEST_LMTP_RECIPIENTS_MAX; i++)
        assert_string_equal(codes(lmtp, "RCPT TO:<demo@x>\r\n"), "250");
    assert_string_equal(codes(lmtp, "RCPT TO:<demo@x>\r\n"), "452");
    closed(lmtp);
}

static void a_server_that_ends_says_so(void **state)
{
    struct ingest_lmtp *lmtp = opened();
    (void)state;
    codes(lmtp, START);
    ingest_lmtp_end(lmtp);
    assert_int_equal(ingest_lmtp_feed(lmtp, SEA_STR("NOOP\r\n")), 0);
    assert_string_equal(codes(lmtp, ""), "421");
    closed(lmtp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_through_command_by_command_or_all_at_once),
        cmocka_unit_test(what_follows_a_message_waits_for_its_answer),
        cmocka_unit_test(each_accepted_recipient_has_an_answer_of_its_own),
        cmocka_unit_test(a_closed_mailbox_says_so_once_its_message_is_kept),
        cmocka_unit_test(commands_out_of_order_and_broken_ones_are_refused_by_name),
        cmocka_unit_test(a_client_that_only_makes_mistakes_is_sent_away),
        cmocka_unit_test(dots_are_doubled_and_only_one_alone_between_line_ends_is_the_end),
        cmocka_unit_test(bytes_come_in_pieces_of_any_length),
        cmocka_unit_test(a_message_that_is_too_large_is_read_to_its_end_and_refused),
        cmocka_unit_test(a_line_without_an_end_needs_no_more_than_its_share),
        cmocka_unit_test(messages_share_their_memory),
        cmocka_unit_test(too_many_recipients_are_told_to_come_again),
        cmocka_unit_test(a_server_that_ends_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
