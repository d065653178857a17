/* notify_answers.h: what a provider answers and what it proves, a row each; shared by the tests of
 * all senders. */
#ifndef NOTIFY_ANSWERS_H
#define NOTIFY_ANSWERS_H

#include "notify_provider.h"
#include "sea_cmocka.h"

enum {
    OK = NOTIFY_ANSWER_ACCEPTED,
    LATER = NOTIFY_ANSWER_RETRY,
    NO = NOTIFY_ANSWER_REJECTED,
    MAYBE = NOTIFY_ANSWER_UNCERTAIN,
};

struct answer_row {
    int adapter;
    struct notify_response response;
    uint32_t tries;
    int kind;
    const char *id, *code;
    int64_t after_ms;
    bool is_window_closed;
};

/* As a response: with Retry-After; without; none, though it was sent, and since it wasn't. */
#define ASKED_BACK(status, after_ms, body)                                                         \
    {                                                                                              \
        status, false, after_ms, SEA_STR(body)                                                     \
    }
#define ANSWER(status, body) ASKED_BACK(status, 0, body)
#define SILENCE              ANSWER(0, "")
#define UNSENT(status, body)                                                                       \
    {                                                                                              \
        status, true, 0, SEA_STR(body)                                                             \
    }

static inline void expect_answers(const struct answer_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct answer_row *row = &rows[i];
        struct notify_answer got =
            notify_provider_classify((enum sea_adapter)row->adapter, &row->response, row->tries);
        if (got.kind != (enum notify_answer_kind)row->kind) print_error("row %zu\n", i);
        assert_int_equal(got.kind, row->kind);
        assert_string_equal(got.id, row->id);
        assert_string_equal(got.code, row->code);
        assert_int_equal(got.after_ms, row->after_ms);
        assert_int_equal(got.is_window_closed, row->is_window_closed);
    }
}

#endif
