/* corpus_main.c: runs a fuzz target once over each file in the folders given, where there is no
 * libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 1 << 20 };

/* 0 when there was nothing to run. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    uint8_t *data = malloc(INPUT_MAX_BYTES);
    size_t size = data != NULL ? fread(data, 1, INPUT_MAX_BYTES, file) : 0;
    int is_read = !ferror(file) && data != NULL;
    fclose(file);
    /* Exactly as many bytes as there are, so that a sanitizer sees a read behind them. */
    uint8_t *exact = is_read ? realloc(data, size > 0 ? size : 1) : data;
    if (is_read && exact != NULL) LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return is_read;
}

static int run_folder(const char *path)
{
    int runs = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        runs += run_file(name) + run_folder(name); /* it is one of them */
    }
    closedir(folder);
    return runs;
}

int main(int argc, char **argv)
{
    int runs = 0;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-') runs += run_folder(argv[i]);
    printf("%d inputs\n", runs);
    return runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus shows nothing */
}
