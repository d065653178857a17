/* Where a delivery may go from where it stands. */
#include "notify_lattice.h"
#include "sea_cmocka.h"

/* Short names, for the table. */
static const enum notify_state W = NOTIFY_WAITING;
static const enum notify_state H = NOTIFY_HELD;
static const enum notify_state S = NOTIFY_SENDING;
static const enum notify_state U = NOTIFY_UNCERTAIN;
static const enum notify_state A = NOTIFY_ACCEPTED;
static const enum notify_state D = NOTIFY_DELIVERED;
static const enum notify_state R = NOTIFY_READ;
static const enum notify_state F = NOTIFY_FAILED;
static const enum notify_state X = NOTIFY_DROPPED;
static const enum notify_state B = NOTIFY_RETURNED;

static void what_the_provider_says_only_raises(void **state)
{
    (void)state;
    const enum notify_state rows[][3] = {
        {S, A, A}, {S, D, D}, {S, R, R}, {S, F, F}, {S, U, U}, {S, W, W}, /* the answer, or a
                                                                             receipt before it */
        {U, A, A}, {U, D, D}, {U, F, F}, {U, W, U}, {U, U, U}, /* a receipt settles what is
                                                                  uncertain */
        {A, A, A}, {A, D, D}, {A, F, F}, {A, U, A}, {A, W, A}, {D, A, D}, {D, F, D},
        {D, R, R}, {D, D, D}, /* a failure counts only before delivery */
        {R, D, R}, {R, A, R}, {R, F, R}, {F, A, F}, {F, D, F}, {F, W, F}, {X, A, X},
        {X, D, X}, {B, D, B}, {B, F, B}, {W, A, A}, {W, U, W}, {H, D, D},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++)
        assert_int_equal(notify_lattice_join(rows[i][0], rows[i][1]), rows[i][2]);
}

/* Whatever comes in whatever order and however often: at most one acceptance is told, and what is
 * settled stays. */
static void a_delivery_is_accepted_at_most_once(void **state)
{
    (void)state;
    static const enum notify_state words[] = {NOTIFY_WAITING,   NOTIFY_UNCERTAIN, NOTIFY_ACCEPTED,
                                              NOTIFY_DELIVERED, NOTIFY_READ,      NOTIFY_FAILED};
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        enum notify_state now = NOTIFY_SENDING;
        int accepts = 0, sends = 1;
        for (int step = 0; step < 12; step++) {
            seed = seed * 1664525U + 1013904223U;
            enum notify_state said = words[(seed >> 16) % SEA_COUNT(words)];
            enum notify_state next = notify_lattice_join(now, said);
            if (notify_lattice_is_acceptance(now, next)) accepts++;
            if (now >= NOTIFY_ACCEPTED && next != now) {
                assert_true(next > now);
                assert_false(notify_state_is_open(next));
            }
            if (now == NOTIFY_UNCERTAIN) assert_false(notify_state_is_open(next));
            now = next;
            if (now == NOTIFY_WAITING) { /* another try follows only a clear refusal */
                now = NOTIFY_SENDING;
                sends++;
                assert_int_equal(accepts, 0);
            }
        }
        assert_true(accepts <= 1);
        assert_true(sends <= 13);
    }
}

SEA_TESTS(cmocka_unit_test(what_the_provider_says_only_raises),
          cmocka_unit_test(a_delivery_is_accepted_at_most_once))
