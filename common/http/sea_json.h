/* sea_json.h: text into a JSON document that is written by hand; whole documents are yyjson's. */
#ifndef SEA_JSON_H
#define SEA_JSON_H

#include "sea_buf.h"

/* `text` as a JSON string with its quotes (RFC 8259 §7). In text that isn't UTF-8 every byte that
 * isn't ASCII becomes '?'. */
void sea_json_string(struct sea_buf *out, struct sea_str text);

#endif
