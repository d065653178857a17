/* test_desk_files.c: every file of services/desk/web is built into the program, as it is. */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk_files.h"
#include "sea_cmocka.h"

static const struct sea_http_file *find(const char *path)
{
    for (size_t i = 0; i < desk_web_count; i++)
        if (strcmp(desk_web[i].path, path) == 0) return &desk_web[i];
    fail_msg("%s is missing in services/desk/CMakeLists.txt", path);
    abort();
}

static void assert_same_bytes(const struct sea_http_file *file, const char *source)
{
    FILE *stream = fopen(source, "re");
    assert_non_null(stream);
    char *bytes = sea_alloc(file->len + 1);
    assert_int_equal(fread(bytes, 1, file->len + 1, stream), file->len);
    assert_memory_equal(bytes, file->bytes, file->len);
    free(bytes);
    fclose(stream);
}

static void every_file_of_the_page_is_there(void **state)
{
    (void)state;
    char root[] = SEA_SOURCE_DIR "/services/desk/web";
    char *paths[] = {root, NULL};
    FTS *tree = fts_open(paths, FTS_NOCHDIR | FTS_PHYSICAL, NULL);
    size_t seen = 0;
    assert_non_null(tree);
    for (FTSENT *entry; (entry = fts_read(tree));) {
        if (entry->fts_info != FTS_F) continue;
        const char *path = entry->fts_path + strlen(root);
        const struct sea_http_file *file = find(strcmp(path, "/index.html") == 0 ? "/" : path);
        assert_same_bytes(file, entry->fts_path);
        seen++;
    }
    fts_close(tree);
    assert_int_equal(seen, desk_web_count);
}

static void types_and_tags_are_right(void **state)
{
    (void)state;
    assert_string_equal(find("/")->type, "text/html; charset=utf-8");
    assert_string_equal(find("/app.js")->type, "text/javascript; charset=utf-8");
    assert_string_equal(find("/style.css")->type, "text/css; charset=utf-8");
    assert_string_equal(find("/favicon.svg")->type, "image/svg+xml");
    for (size_t i = 0; i < desk_web_count; i++) {
        assert_int_equal(strlen(desk_web[i].etag), 34);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(desk_web[i].etag, desk_web[k].etag);
    }
}

SEA_TESTS(cmocka_unit_test(every_file_of_the_page_is_there),
          cmocka_unit_test(types_and_tags_are_right))
