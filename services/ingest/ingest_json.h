/* ingest_json.h: typed access to JSON members for the adapters; a wrong type counts as absent. */
#ifndef INGEST_JSON_H
#define INGEST_JSON_H

#include <yyjson.h>

#include "ingest_item.h"

/* An allocator that takes from the arena and gives nothing back: what was parsed goes with it. */
yyjson_alc ingest_json_pool(struct sea_arena *arena);
/* Parses `body` with memory from `alc` (see ingest_json_pool). NULL when it isn't JSON. */
yyjson_doc *ingest_json_parse(struct sea_str body, const yyjson_alc *alc);
/* Of what isn't: 400, with what is wrong and where; false. */
bool ingest_json_refuse(struct sea_str body, const yyjson_alc *alc, struct ingest_problem *problem);

struct sea_str ingest_json_str(yyjson_val *object, const char *name); /* absent: empty */
yyjson_val *ingest_json_obj(yyjson_val *object, const char *name);    /* absent: NULL */
yyjson_val *ingest_json_arr(yyjson_val *object, const char *name);    /* absent: NULL */
bool ingest_json_true(yyjson_val *object, const char *name);
bool ingest_json_is_absent(yyjson_val *object, const char *name); /* missing or null */
SEA_MUST_CHECK bool ingest_json_int(yyjson_val *object, const char *name, int64_t *ret);

/* An id, whether it is sent as text or as a whole number; absent or another type: empty. */
struct sea_str ingest_json_id(yyjson_val *object, const char *name, struct sea_arena *arena);
/* A time in milliseconds: a number or text of Unix seconds or milliseconds, or RFC 3339; 0: none.
 */
int64_t ingest_json_time(yyjson_val *object, const char *name);
/* A value's own JSON, in the arena; empty when it is full. */
struct sea_str ingest_json_raw(yyjson_val *value, struct sea_arena *arena);

#endif
