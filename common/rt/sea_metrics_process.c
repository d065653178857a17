/* sea_metrics_process.c: what the kernel knows of this process, from /proc (proc(5)). */
#include "sea_metrics_process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sea_clock.h"
#include "sea_metrics_common.h"

enum { STAT_FIELD_START = 22 };

/* Ticks from the machine's start to this process's: field 22, counted from behind the name in
 * brackets, field 2. */
static long start_ticks(void)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL) return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < STAT_FIELD_START; field++) at = strchr(at + 1, ' ');
    return at != NULL ? strtol(at, NULL, 10) : 0;
}

static double resident_bytes(void)
{
    char text[256] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    bool is_read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    const char *second = is_read ? strchr(text, ' ') : NULL; /* after the size of all */
    return second != NULL ? (double)strtoul(second, NULL, 10) * (double)sysconf(_SC_PAGESIZE) : 0;
}

static int open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) return 0;
    int entries = 0;
    while (readdir(folder) != NULL) entries++;
    closedir(folder);
    return entries - 3; /* without ".", ".." and the folder itself */
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void sea_metrics_process(void)
{
    static double start_s;
    struct rusage used;
    if (start_s <= 0) {
        double age_s = (double)sea_clock_boot_ms() / 1e3 -
                       (double)start_ticks() / (double)sysconf(_SC_CLK_TCK);
        start_s = (double)(sea_clock_wall_ms() - (int64_t)(age_s * 1e3)) / 1e3;
    }
    getrusage(RUSAGE_SELF, &used);
    sea_metric_set(&sea_m_process_start_time_seconds, start_s);
    sea_metric_set(&sea_m_process_cpu_seconds_total,
                   seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
    sea_metric_set(&sea_m_process_resident_memory_bytes, resident_bytes());
    sea_metric_set(&sea_m_process_open_fds, open_fds());
}
