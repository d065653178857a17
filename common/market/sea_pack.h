/* sea_pack.h: loads all market packs of a folder, with inheritance, and the zones they name from
 * the system's tzdata. */
#ifndef SEA_PACK_H
#define SEA_PACK_H

#include "sea_arena.h"
#include "sea_example.h"
#include "sea_market.h"
#include "sea_yaml.h"

/* Reads each file CODE.yaml of `folder`, one market each, and adds its example values. All memory
 * is in `arena`; `is_channel` tells the channels that packs may name. False: errors were added. */
SEA_MUST_CHECK bool sea_pack_load(const char *folder, struct sea_arena *arena,
                                  bool (*is_channel)(struct sea_str name),
                                  struct sea_yaml_errors *errors, struct sea_examples *examples,
                                  struct sea_markets *ret);

/* One zone of /usr/share/zoneinfo, or of the folder in TZDIR. False: no such zone. */
SEA_MUST_CHECK bool sea_zone_load(const char *name, struct sea_arena *arena, struct sea_zone *ret);

#endif
