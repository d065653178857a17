/* media_address.c: IANA's special-purpose blocks, and what a cloud made of a public address. */
#include "media_address.h"

#include <string.h>

#include <netinet/in.h>

struct block {
    uint8_t bytes[16];
    unsigned bits;
};

static const struct block NOT_PUBLIC_4[] = {
    {{0}, 8},                 /* this network */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* shared by a carrier's customers */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* inside Azure its own services, though the block is public */
    {{169, 254}, 16},         /* link-local, and the clouds' metadata */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* protocols */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 88, 99}, 24},      /* 6to4 relays */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarks */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 4},               /* multicast */
    {{240}, 4},               /* reserved, and broadcast */
};

/* Only this is given out at all; loopback, mapped, NAT64, unique local, link-local and multicast
 * addresses lie outside. */
static const struct block GLOBAL_6 = {{0x20}, 3};

static const struct block NOT_PUBLIC_6[] = {
    {{0x20, 0x01}, 23},             /* protocols, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 carries an IPv4 address */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static bool is_in(const struct block *block, const uint8_t *address)
{
    unsigned whole = block->bits / 8, rest = block->bits % 8;
    if (memcmp(block->bytes, address, whole) != 0) return false;
    return rest == 0 || (block->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool is_in_any(const struct block *blocks, size_t count, const uint8_t *address)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(&blocks[i], address)) return true;
    return false;
}

bool media_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return !is_in_any(NOT_PUBLIC_4, SEA_COUNT(NOT_PUBLIC_4),
                          (const uint8_t *)&in.sin_addr.s_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof(in));
        return is_in(&GLOBAL_6, in.sin6_addr.s6_addr) &&
               !is_in_any(NOT_PUBLIC_6, SEA_COUNT(NOT_PUBLIC_6), in.sin6_addr.s6_addr);
    }
    return false;
}
