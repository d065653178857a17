/* sea_zoneinfo.c: reads one zone of the system's time-zone database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sea_pack.h"

enum { ZONE_FILE_MAX = 64 * 1024, ZONE_NAME_MAX = 60 };

static bool is_zone_name(const char *name)
{
    static const char ALLOWED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t len = strlen(name);
    return len > 0 && len <= ZONE_NAME_MAX && strspn(name, ALLOWED) == len && name[0] != '/';
}

static size_t read_file(const char *path, char *ret, size_t size)
{
    FILE *stream = fopen(path, "re");
    if (!stream) return 0;
    size_t len = fread(ret, 1, size, stream);
    fclose(stream);
    return len;
}

bool sea_zone_load(const char *name, struct sea_arena *arena, struct sea_zone *ret)
{
    const char *folder = getenv("TZDIR");
    struct sea_zone_step steps[SEA_ZONE_STEPS_MAX];
    struct sea_zone zone;
    char path[512];
    if (!is_zone_name(name)) return false;
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);

    char *tzif = sea_alloc(ZONE_FILE_MAX);
    size_t len = read_file(path, tzif, ZONE_FILE_MAX);
    bool is_good = sea_zone_parse((struct sea_str){tzif, len}, steps, &zone);
    free(tzif);
    if (!is_good) return false;

    struct sea_zone_step *kept = sea_arena_alloc(arena, (zone.step_count + 1) * sizeof *kept);
    zone.name = sea_arena_dup(arena, sea_str(name));
    if (!kept || !zone.name) return false;
    memcpy(kept, steps, zone.step_count * sizeof *kept);
    zone.steps = kept;
    *ret = zone;
    return true;
}
