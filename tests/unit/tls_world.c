/* tls_world.c: certificates, and the threads between plain sockets and TLS. */
#include "tls_world.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

enum { RELAYS_MAX = 32, PART = 16384, NAMES_MAX = 8 };

struct relay {
    pthread_t thread;
    int near, far, fd; /* near and far: the two ends of a pair */
    SSL *ssl;
    atomic_bool is_settled, is_carrying, is_over;
    char peer[64]; /* whom its certificate names */
};

static struct relay relays[RELAYS_MAX];
static size_t relays_count;
static char folder[64], paths[NAMES_MAX * 2][128];
static size_t paths_count;

const char *tls_world_path(const char *name, const char *ending)
{
    char path[sizeof paths[0]];
    if (!*folder) {
        snprintf(folder, sizeof folder, "/tmp/seadesk-tls-XXXXXX");
        sea_assert(mkdtemp(folder) != NULL);
    }
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    for (size_t i = 0; i < paths_count; i++)
        if (strcmp(paths[i], path) == 0) return paths[i];
    sea_assert(paths_count < SEA_COUNT(paths));
    memcpy(paths[paths_count], path, sizeof path);
    return paths[paths_count++];
}

static void write_pem(const char *path, EVP_PKEY *key, X509 *certificate)
{
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "we");
    sea_assert(file != NULL);
    if (certificate != NULL)
        sea_assert(PEM_write_X509(file, certificate) == 1);
    else
        sea_assert(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    sea_assert(fclose(file) == 0 && rename(fresh, path) == 0);
}

void tls_world_make(const char *name, const char *host)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    sea_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
    write_pem(tls_world_path(name, "crt"), key, certificate);
    write_pem(tls_world_path(name, "key"), key, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

struct sea_tls *tls_world_open(const char *name)
{
    struct sea_tls *tls = NULL;
    char error[SEA_TLS_ERROR_TEXT];
    (void)signal(SIGPIPE, SIG_IGN);
    tls_world_make(name, "localhost");
    enum sea_err err =
        sea_tls_open(&tls, tls_world_path(name, "crt"), tls_world_path(name, "key"), error);
    sea_assert(!err);
    return tls;
}

/* False: the near end is closed, or has nothing more to say. */
static bool to_server(struct relay *relay)
{
    char part[PART];
    atomic_store(&relay->is_carrying, true);
    ssize_t len = recv(relay->far, part, sizeof part, 0);
    bool is_good = len > 0 && SSL_write(relay->ssl, part, (int)len) == len;
    atomic_store(&relay->is_carrying, false);
    if (len > 0) return is_good;
    struct pollfd far = {relay->far, 0, 0};
    poll(&far, 1, 0);
    if (far.revents & POLLHUP) { /* closed: so is the connection, hard */
        struct linger hard = {.l_onoff = 1};
        setsockopt(relay->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    } else {
        SSL_shutdown(relay->ssl);
        shutdown(relay->fd, SHUT_WR);
    }
    return false;
}

/* False: the server is done, or nobody listens. */
static bool to_client(struct relay *relay)
{
    char part[PART];
    do {
        int len = SSL_read(relay->ssl, part, sizeof part);
        if (len <= 0 && SSL_get_error(relay->ssl, len) == SSL_ERROR_WANT_READ) return true;
        if (len <= 0) {
            shutdown(relay->far, SHUT_WR);
            return false;
        }
        if (send(relay->far, part, (size_t)len, MSG_NOSIGNAL) != len) return false;
    } while (SSL_pending(relay->ssl) > 0);
    return true;
}

static void carry(struct relay *relay)
{
    bool hears = true, says = true;
    struct pollfd both[2] = {{relay->far, POLLIN, 0}, {relay->fd, POLLIN, 0}};
    while (hears || says) {
        both[0].fd = relay->far;
        both[0].events = says ? POLLIN : 0;
        both[1].fd = hears ? relay->fd : -1;
        poll(both, 2, -1);
        bool is_left = both[0].revents & (POLLHUP | POLLERR) && !(both[0].revents & POLLIN);
        if (both[0].revents & POLLIN) says = to_server(relay);
        if (is_left && !says) return;
        if (is_left) says = to_server(relay);
        if (hears && both[1].revents) hears = to_client(relay);
    }
}

static void *run(void *ctx)
{
    struct relay *relay = ctx;
    bool is_done = SSL_connect(relay->ssl) == 1;
    if (is_done) {
        X509 *certificate = SSL_get1_peer_certificate(relay->ssl);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, relay->peer,
                                  sizeof relay->peer);
        X509_free(certificate);
    }
    atomic_store(&relay->is_settled, true);
    if (is_done)
        carry(relay);
    else
        shutdown(relay->far, SHUT_RDWR);
    close(relay->fd);
    atomic_store(&relay->is_over, true);
    return NULL;
}

int tls_world_relay(int fd, int buffer_bytes)
{
    int pair[2];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    sea_assert(relays_count < RELAYS_MAX && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct relay *relay = &relays[relays_count++];
    memset(relay, 0, sizeof *relay);
    relay->near = pair[0];
    relay->far = pair[1];
    relay->fd = fd;
    if (buffer_bytes > 0)
        setsockopt(relay->far, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* session tickets don't make it block */
    relay->ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(relay->ssl, fd);
    sea_assert(pthread_create(&relay->thread, NULL, run, relay) == 0);
    return relay->near;
}

static struct relay *find(int near)
{
    for (size_t i = relays_count; i-- > 0;)
        if (relays[i].near == near) return &relays[i];
    sea_assert(false);
    return NULL;
}

bool tls_world_is_settled(int near)
{
    return atomic_load(&find(near)->is_settled);
}

void tls_world_wait_sent(int near)
{
    struct relay *relay = find(near);
    struct pollfd far = {relay->far, POLLIN, 0};
    while (!atomic_load(&relay->is_over) &&
           (poll(&far, 1, 0) > 0 || atomic_load(&relay->is_carrying)))
        usleep(100);
}

const char *tls_world_peer(int near)
{
    return find(near)->peer;
}

void tls_world_end(void)
{
    for (size_t i = 0; i < relays_count; i++) {
        shutdown(relays[i].far, SHUT_RDWR); /* also where a test failed half way */
        pthread_join(relays[i].thread, NULL);
        close(relays[i].far);
        SSL_free(relays[i].ssl);
    }
    relays_count = 0;
    for (size_t i = 0; i < paths_count; i++) unlink(paths[i]);
    paths_count = 0;
    if (*folder) rmdir(folder);
    *folder = '\0';
}
