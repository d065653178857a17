/* sea_tls.c: OpenSSL over the server's own sockets. */
#include "sea_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* What tells one version of a file from the next. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct sea_tls {
    char *paths[2]; /* certificate, key */
    struct stamp stamps[2];
    SSL_CTX *context;
    int64_t expires_s;
};

/* A file that is away has zeros; reading it says why. */
static void look_at(char *const paths[2], struct stamp ret[2])
{
    struct stat now;
    memset(ret, 0, 2 * sizeof *ret); /* compared with its padding */
    for (size_t i = 0; i < 2; i++) {
        if (stat(paths[i], &now) != 0) continue;
        ret[i].device = now.st_dev;
        ret[i].inode = now.st_ino;
        ret[i].size = now.st_size;
        ret[i].changed = now.st_mtim;
    }
}

static enum sea_err refuse(const char *path, const char *what, char *ret_error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(ret_error, SEA_TLS_ERROR_TEXT, "%s: %s%s%s", path, what, reason ? ": " : "",
             reason ? reason : "");
    ERR_clear_error();
    return SEA_ERR_REJECT;
}

/* A key with a pass phrase is refused rather than asked for at a terminal. */
static int no_pass_phrase(char *ret, int size, int is_writing, void *ctx)
{
    (void)ret;
    (void)size;
    (void)is_writing;
    (void)ctx;
    return -1;
}

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                           const unsigned char *offered, unsigned int len, void *ctx)
{
    static const unsigned char OURS[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, ret_len, OURS, sizeof OURS - 1, offered, len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    sea_assert(context != NULL);
    sea_assert(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    sea_assert(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets do without memory */
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
    return context;
}

static int64_t expiry_of(const SSL_CTX *context)
{
    struct tm utc = {0};
    sea_assert(ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &utc) == 1);
    return timegm(&utc);
}

static enum sea_err load(struct sea_tls *tls, char *ret_error)
{
    const char *certificate = tls->paths[0], *key = tls->paths[1];
    SSL_CTX *context = make_context();
    enum sea_err err = SEA_OK;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        err = refuse(certificate, "no PEM certificate can be read", ret_error);
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        err = refuse(key, "no PEM key without pass phrase that belongs to the certificate",
                     ret_error);
    if (err) {
        SSL_CTX_free(context);
        return err;
    }
    SSL_CTX_free(tls->context);
    tls->context = context;
    tls->expires_s = expiry_of(context);
    return SEA_OK;
}

enum sea_err sea_tls_look(struct sea_tls *tls, bool *ret_is_taken,
                          char ret_error[SEA_TLS_ERROR_TEXT])
{
    struct stamp now[2];
    *ret_is_taken = false;
    look_at(tls->paths, now);
    if (memcmp(now, tls->stamps, sizeof now) == 0) return SEA_OK;
    memcpy(tls->stamps, now, sizeof now);
    enum sea_err err = load(tls, ret_error);
    *ret_is_taken = !err;
    return err;
}

enum sea_err sea_tls_open(struct sea_tls **ret, const char *certificate, const char *key,
                          char ret_error[SEA_TLS_ERROR_TEXT])
{
    struct sea_tls *tls = sea_alloc(sizeof *tls);
    *tls = (struct sea_tls){.paths = {sea_strdup(certificate), sea_strdup(key)}};
    look_at(tls->paths, tls->stamps);
    if (load(tls, ret_error)) {
        sea_tls_close(&tls);
        return SEA_ERR_FATAL;
    }
    *ret = tls;
    return SEA_OK;
}

void sea_tls_close(struct sea_tls **pointer)
{
    struct sea_tls *tls = *pointer;
    if (tls == NULL) return;
    *pointer = NULL;
    SSL_CTX_free(tls->context);
    for (size_t i = 0; i < 2; i++) free(tls->paths[i]);
    free(tls);
}

int64_t sea_tls_expires_s(const struct sea_tls *tls)
{
    return tls->expires_s;
}

struct ssl_st *sea_tls_accept(struct sea_tls *tls, int fd)
{
    SSL *ssl = SSL_new(tls->context);
    sea_assert(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    SSL_set_accept_state(ssl);
    return ssl;
}

void sea_tls_free(struct ssl_st *ssl)
{
    SSL_free(ssl);
}

static ssize_t outcome(const SSL *ssl, int done)
{
    int error = SSL_get_error(ssl, done);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

ssize_t sea_tls_recv(struct ssl_st *ssl, char *ret, size_t size)
{
    size_t len = 0;
    ERR_clear_error();
    int done = SSL_read_ex(ssl, ret, size, &len);
    return done == 1 ? (ssize_t)len : outcome(ssl, done);
}

ssize_t sea_tls_send(struct ssl_st *ssl, const char *bytes, size_t len)
{
    size_t sent = 0;
    ERR_clear_error();
    int done = SSL_write_ex(ssl, bytes, len, &sent);
    if (done == 1) return (ssize_t)sent;
    if (outcome(ssl, done) == 0) errno = EPIPE;
    return -1;
}

bool sea_tls_is_ready(const struct ssl_st *ssl)
{
    return SSL_is_init_finished(ssl) != 0;
}

bool sea_tls_wants_write(const struct ssl_st *ssl)
{
    return SSL_want(ssl) == SSL_WRITING;
}

void sea_tls_end(struct ssl_st *ssl)
{
    ERR_clear_error();
    if (sea_tls_is_ready(ssl)) (void)SSL_shutdown(ssl);
}
