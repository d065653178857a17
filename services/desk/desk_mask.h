/* desk_mask.h: what may be shown of a name or an address: enough to recognise it, not to use it.
 * Pure. */
#ifndef DESK_MASK_H
#define DESK_MASK_H

#include "sea_base.h"
#include "sea_buf.h"

/* Each appends nothing for an empty text. */

/* "João D'Ávila" gives "J. D."; at most three initials. */
void desk_mask_name(struct sea_str name, struct sea_buf *ret);
/* "+5511912345678" gives "••••5678"; of fewer than eight digits the last two. */
void desk_mask_phone(struct sea_str phone, struct sea_buf *ret);
/* "joao@example.com" gives "j•••@•••.com". */
void desk_mask_email(struct sea_str email, struct sea_buf *ret);
/* A contact's external id, by what it looks like: an address, a number, or something else, of which
 * the last four characters are shown. */
void desk_mask_contact(struct sea_str id, struct sea_buf *ret);

#endif
