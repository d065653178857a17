/* xlate_language.c: reads language tags subtag by subtag. */
#include "xlate_language.h"

#include <string.h>

static bool next_subtag(struct sea_str *rest, char ret[XLATE_LANGUAGE_CODE])
{
    size_t len = 0, i = 0;
    if (rest->len == 0) return false;
    for (; i < rest->len && rest->ptr[i] != '-' && rest->ptr[i] != '_'; i++) {
        char c = rest->ptr[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
        if (len + 1 < XLATE_LANGUAGE_CODE) ret[len++] = c;
    }
    ret[len] = '\0';
    if (i < rest->len) i++;
    *rest = (struct sea_str){rest->ptr + i, rest->len - i};
    return true;
}

static bool is_traditional(struct sea_str subtags)
{
    static const char *const marks[] = {"hant", "tw", "hk", "mo"};
    char subtag[XLATE_LANGUAGE_CODE];
    while (next_subtag(&subtags, subtag)) {
        if (strcmp(subtag, "hans") == 0) return false;
        for (size_t i = 0; i < SEA_COUNT(marks); i++)
            if (strcmp(subtag, marks[i]) == 0) return true;
    }
    return false;
}

void xlate_language_code(struct sea_str tag, char ret[XLATE_LANGUAGE_CODE])
{
    if (!next_subtag(&tag, ret)) memcpy(ret, "auto", sizeof "auto");
    if (strcmp(ret, "zh") == 0 && is_traditional(tag)) memcpy(ret, "zt", sizeof "zt");
}
