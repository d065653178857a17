/* sea_yaml_folder.c: the YAML files of a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sea_yaml.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool sea_yaml_folder(const char *path, struct sea_arena *arena, struct sea_yaml_errors *errors,
                     const char *const **ret, uint32_t *ret_count)
{
    struct sea_yaml_mark at = {.file = path};
    uint32_t count = 0;
    const char **names = sea_arena_zero(arena, SEA_YAML_FOLDER_MAX * sizeof *names);
    DIR *stream = opendir(path);
    if (!stream || !names) {
        sea_yaml_errors_add(errors, at, "%s, expected a folder of .yaml files",
                            stream ? "the configuration is too large" : strerror(errno));
        if (stream) closedir(stream);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(stream));) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 5, ".yaml") != 0) continue;
        const char *name = sea_arena_dup(arena, (struct sea_str){entry->d_name, len - 5});
        if (!name || count == SEA_YAML_FOLDER_MAX) {
            sea_yaml_errors_add(errors, at, "too many files, expected at most %d",
                                SEA_YAML_FOLDER_MAX);
            closedir(stream);
            return false;
        }
        names[count++] = name;
    }
    closedir(stream);
    qsort(names, count, sizeof *names, by_name);
    *ret = names;
    *ret_count = count;
    return true;
}
