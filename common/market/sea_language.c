/* sea_language.c: compares language tags by their subtags. */
#include "sea_language.h"

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

static bool is_prefix(struct sea_str prefix, struct sea_str tag)
{
    if (prefix.len > tag.len) return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (folded(prefix.ptr[i]) != folded(tag.ptr[i])) return false;
    return true;
}

static struct sea_str primary(struct sea_str tag)
{
    size_t len = 0;
    while (len < tag.len && folded(tag.ptr[len]) != '-') len++;
    return (struct sea_str){tag.ptr, len};
}

static bool has_subtag(struct sea_str tag, const char *subtag)
{
    for (size_t i = 0; i < tag.len; i++) {
        struct sea_str rest = {tag.ptr + i + 1, tag.len - i - 1};
        if (folded(tag.ptr[i]) != '-' || !is_prefix(sea_str(subtag), rest)) continue;
        size_t len = sea_str(subtag).len;
        if (rest.len == len || folded(rest.ptr[len]) == '-') return true;
    }
    return false;
}

static bool is_traditional_chinese(struct sea_str tag)
{
    if (has_subtag(tag, "hant") || has_subtag(tag, "hans")) return has_subtag(tag, "hant");
    return has_subtag(tag, "tw") || has_subtag(tag, "hk") || has_subtag(tag, "mo");
}

bool sea_language_covers(struct sea_str range, struct sea_str tag)
{
    if (range.len == 0 || !is_prefix(range, tag)) return false;
    return tag.len == range.len || folded(tag.ptr[range.len]) == '-';
}

uint32_t sea_language_fit(struct sea_str have, struct sea_str wanted)
{
    struct sea_str language = primary(have);
    if (have.len == 0 || !sea_language_covers(language, wanted)) return 0;
    if (is_prefix(SEA_STR("zh"), language) && language.len == 2 &&
        is_traditional_chinese(have) != is_traditional_chinese(wanted))
        return 0;
    if (have.len == wanted.len && is_prefix(have, wanted)) return 3;
    return sea_language_covers(have, wanted) ? 2 : 1;
}
