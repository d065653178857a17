/* desk_password.c: a bounded number of jobs for a thread, and its answers. */
#include "desk_password.h"

#include <stdlib.h>
#include <string.h>

#include "desk_body.h"
#include "sea_thread.h"

struct job {
    struct desk_passwords *owner;
    struct sea_job work;
    void (*fn)(void *ctx, bool is_right);
    void *ctx;
    bool is_right, is_nobody;
    size_t len;
    char hash[DESK_HASH_TEXT], password[DESK_PASSWORD_MAX_BYTES];
};

struct desk_passwords {
    struct sea_thread *thread;
    size_t count;                /* of jobs that aren't answered */
    char nobody[DESK_HASH_TEXT]; /* unknown users take as long as known ones */
};

enum sea_err desk_password_hash(struct sea_str password, int64_t passes, int64_t memory_bytes,
                                char ret[DESK_HASH_TEXT])
{
    return crypto_pwhash_str_alg(ret, password.ptr, password.len, (unsigned long long)passes,
                                 (size_t)memory_bytes, crypto_pwhash_ALG_ARGON2ID13)
               ? SEA_ERR_RETRY
               : SEA_OK;
}

static void check(void *ctx)
{
    struct job *job = ctx;
    bool is_right = crypto_pwhash_str_verify(job->hash, job->password, job->len) == 0;
    job->is_right = is_right && !job->is_nobody;
}

static void answer(void *ctx)
{
    struct job *job = ctx;
    job->owner->count--;
    job->fn(job->ctx, job->is_right);
    sodium_memzero(job->password, sizeof(job->password));
    free(job);
}

enum sea_err desk_passwords_open(struct desk_passwords **ret, struct event_base *base,
                                 int64_t passes, int64_t memory_bytes)
{
    char nobody[DESK_HASH_TEXT];
    enum sea_err err = desk_password_hash(SEA_STR("nobody"), passes, memory_bytes, nobody);
    if (err) return err;
    struct desk_passwords *passwords = sea_alloc(sizeof(*passwords));
    memcpy(passwords->nobody, nobody, sizeof(nobody));
    sea_thread_open(&passwords->thread, base);
    *ret = passwords;
    return SEA_OK;
}

void desk_passwords_close(struct desk_passwords **pointer)
{
    struct desk_passwords *passwords = *pointer;
    if (!passwords) return;
    sea_thread_close(&passwords->thread, answer);
    free(passwords);
    *pointer = NULL;
}

enum sea_err desk_passwords_check(struct desk_passwords *passwords, struct sea_str hash,
                                  struct sea_str password, void (*fn)(void *ctx, bool is_right),
                                  void *ctx)
{
    struct sea_str stored = hash.len ? hash : sea_str(passwords->nobody);
    if (passwords->count >= DESK_PASSWORDS_WAITING_MAX) return SEA_ERR_RETRY;
    sea_assert(stored.len < DESK_HASH_TEXT && password.len <= DESK_PASSWORD_MAX_BYTES);
    struct job *job = sea_alloc(sizeof(*job));
    job->owner = passwords;
    job->fn = fn;
    job->ctx = ctx;
    job->is_nobody = !hash.len;
    job->len = password.len;
    memcpy(job->hash, stored.ptr, stored.len);
    memcpy(job->password, password.ptr, password.len);
    job->work = (struct sea_job){.run = check, .done = answer, .ctx = job};
    passwords->count++;
    sea_thread_add(passwords->thread, &job->work);
    return SEA_OK;
}
