/* ingest_memory.h: this process's memory of duplicates: ids that were acknowledged lately, each
 * with a check. Best effort: what slips through is dropped by its consumer. */
#ifndef INGEST_MEMORY_H
#define INGEST_MEMORY_H

#include "sea_base.h"

struct ingest_memory;

enum { INGEST_MEMORY_IDS = 1 << 15 }; /* in each of two generations */

void ingest_memory_open(struct ingest_memory **ret);
void ingest_memory_close(struct ingest_memory **memory);

/* *ret_check: what it was kept with. */
bool ingest_memory_knows(const struct ingest_memory *memory, struct sea_uuid id,
                         uint32_t *ret_check);
/* Only after the acknowledgement. When a generation is full the older one is forgotten. */
void ingest_memory_keep(struct ingest_memory *memory, struct sea_uuid id, uint32_t check);

#endif
