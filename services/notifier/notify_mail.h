/* notify_mail.h: answers by e-mail through a submission server (RFC 6409, RFC 5321): the message
 * (RFC 5322, RFC 2045, RFC 2047, RFC 3834), and what the server's word means (RFC 3463). The
 * account's sender is an address, or "Name <address>". */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "notify_provider.h"

/* As notify_provider_call; also no_address: what should be an address isn't one that can be written
 * in ASCII. The Message-ID is made of the attempt, so that a bounce names it. */
const char *notify_mail_call(const struct notify_letter *letter, const char *attempt,
                             struct notify_call *ret);

/* As notify_provider_classify. An acceptance tells no id. */
struct notify_answer notify_mail_classify(const struct notify_response *response, uint32_t tries);

#endif
