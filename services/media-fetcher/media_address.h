/* media_address.h: whether an address may be connected to because somebody outside named it. Pure.
 */
#ifndef MEDIA_ADDRESS_H
#define MEDIA_ADDRESS_H

#include <sys/socket.h>

#include "sea_base.h"

/* An IPv4 or IPv6 address of the public internet: none of the special-purpose blocks of IANA's
 * registries (RFC 6890), no address that carries another one inside, such as ::ffff:127.0.0.1,
 * 64:ff9b::7f00:1 or 2002:7f00:1::, and not 168.63.129.16, which is the host's own in Azure's
 * machines. Anything but these two families is not public. */
bool media_address_is_public(const struct sockaddr *address);

#endif
