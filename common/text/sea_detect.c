/* sea_detect.c: judges by script what a script alone decides, and asks CLD2 for the rest. */
#include "sea_detect.h"

#include <stdio.h>
#include <string.h>

#include "sea_buf.h"
#include "sea_cld2.h"
#include "sea_enc.h"

enum { SURE_BYTES = 18, SURE_PCT = 75 }; /* from how many bytes of letters CLD2 is believed */

/* Scripts in the order of their blocks. */
static const struct {
    uint32_t from, to;
    const char *script;
} BLOCKS[] = {{0x41, 0x5a, "Latn"},     {0x61, 0x7a, "Latn"},     {0xaa, 0x24f, "Latn"},
              {0x370, 0x3ff, "Grek"},   {0x400, 0x52f, "Cyrl"},   {0x530, 0x58f, "Armn"},
              {0x590, 0x5ff, "Hebr"},   {0x600, 0x77f, "Arab"},   {0x900, 0x97f, "Deva"},
              {0x980, 0x9ff, "Beng"},   {0xa00, 0xa7f, "Guru"},   {0xa80, 0xaff, "Gujr"},
              {0xb80, 0xbff, "Taml"},   {0xc00, 0xc7f, "Telu"},   {0xc80, 0xcff, "Knda"},
              {0xd00, 0xd7f, "Mlym"},   {0xd80, 0xdff, "Sinh"},   {0xe00, 0xe7f, "Thai"},
              {0xe80, 0xeff, "Laoo"},   {0x1000, 0x109f, "Mymr"}, {0x10a0, 0x10ff, "Geor"},
              {0x1100, 0x11ff, "Hang"}, {0x1200, 0x137f, "Ethi"}, {0x1780, 0x17ff, "Khmr"},
              {0x1e00, 0x1eff, "Latn"}, {0x3040, 0x30ff, "Kana"}, {0x3400, 0x4dbf, "Hani"},
              {0x4e00, 0x9fff, "Hani"}, {0xac00, 0xd7a3, "Hang"}, {0xfb50, 0xfdff, "Arab"},
              {0xfe70, 0xfefc, "Arab"}, {0xff66, 0xff9d, "Kana"}, {0x20000, 0x323af, "Hani"}};

/* Languages that alone write their script. */
static const char *const ONLY[][2] = {
    {"Hang", "ko"}, {"Thai", "th"}, {"Grek", "el"}, {"Armn", "hy"}, {"Geor", "ka"},
    {"Khmr", "km"}, {"Laoo", "lo"}, {"Taml", "ta"}, {"Telu", "te"}, {"Knda", "kn"},
    {"Mlym", "ml"}, {"Sinh", "si"}, {"Gujr", "gu"}, {"Guru", "pa"}};

/* CLD2's older codes. */
static const char *const RENAMED[][2] = {{"iw", "he"}, {"jw", "jv"}, {"no", "nb"},
                                         {"in", "id"}, {"mo", "ro"}, {"un", "und"}};

/* The next character of valid UTF-8. */
static uint32_t next_char(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    uint32_t len = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? bytes[0] : bytes[0] & (0xffu >> (len + 1));
    for (uint32_t i = 1; i < len; i++) c = c << 6 | (bytes[i] & 0x3fu);
    *at += len;
    return c;
}

static int block_of(uint32_t c)
{
    for (size_t i = 0; i < SEA_COUNT(BLOCKS); i++)
        if (c >= BLOCKS[i].from && c <= BLOCKS[i].to) return (int)i;
    return -1;
}

struct scripts {
    uint32_t letters, kana, han;
    const char *most; /* NULL: no letters */
    uint32_t most_letters;
};

static struct scripts count_scripts(struct sea_str text)
{
    uint32_t counts[SEA_COUNT(BLOCKS)] = {0};
    struct scripts scripts = {0};
    if (text.len == 0) return scripts;
    for (const char *at = text.ptr; at < text.ptr + text.len;) {
        int block = block_of(next_char(&at));
        if (block < 0) continue;
        scripts.letters++;
        for (int i = 0; i <= block; i++) /* blocks of one script are counted in its first */
            if (!strcmp(BLOCKS[i].script, BLOCKS[block].script)) {
                counts[i]++;
                break;
            }
    }
    for (size_t i = 0; i < SEA_COUNT(BLOCKS); i++) {
        if (!strcmp(BLOCKS[i].script, "Kana")) scripts.kana += counts[i];
        if (!strcmp(BLOCKS[i].script, "Hani")) scripts.han += counts[i];
        if (counts[i] <= scripts.most_letters) continue;
        scripts.most_letters = counts[i];
        scripts.most = BLOCKS[i].script;
    }
    return scripts;
}

/* Control characters too: CLD2 takes no text that holds one. */
static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Words with digits, addresses and links say nothing of the language. */
static bool is_code(struct sea_str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '@' || word.ptr[i] == '#' || (word.ptr[i] >= '0' && word.ptr[i] <= '9'))
            return true;
    return memmem(word.ptr, word.len, "://", 3) || sea_str_starts(word, "www.");
}

static bool is_ascii(struct sea_str word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.ptr[i] >= 0x80) return false;
    return true;
}

static void without_codes(struct sea_str text, struct sea_buf *out)
{
    for (size_t from = 0; from < text.len;) {
        size_t to = from;
        while (to < text.len && !is_blank(text.ptr[to])) to++;
        struct sea_str word = {text.ptr + from, to - from};
        /* Languages without blanks have numbers inside their "words": those are kept. */
        if (word.len > 0 && !(is_ascii(word) && is_code(word))) {
            sea_buf_str(out, word);
            sea_buf_char(out, ' ');
        }
        from = to + 1;
    }
}

static const char *renamed(const char *code)
{
    for (size_t i = 0; i < SEA_COUNT(RENAMED); i++)
        if (!strcmp(code, RENAMED[i][0])) return RENAMED[i][1];
    return code;
}

/* What the script alone decides; false: it doesn't. */
static bool by_script(const struct scripts *scripts, struct sea_detected *ret)
{
    const char *language = NULL;
    if (scripts->kana > 0 && (scripts->kana + scripts->han) * 2 > scripts->letters) {
        language = "ja";
        snprintf(ret->script, sizeof ret->script, "Jpan");
    } else {
        for (size_t i = 0; i < SEA_COUNT(ONLY); i++)
            if (!strcmp(scripts->most, ONLY[i][0])) language = ONLY[i][1];
    }
    if (!language || scripts->most_letters * 2 <= scripts->letters) return false;
    snprintf(ret->language, sizeof ret->language, "%s", language);
    ret->confidence_pct = 99;
    ret->is_sure = scripts->letters >= 2;
    return true;
}

static void by_cld2(struct sea_str text, struct sea_str hint, const struct scripts *scripts,
                    struct sea_detected *ret)
{
    char hint_code[12];
    size_t len = 0;
    while (len < hint.len && len < 3 && hint.ptr[len] != '-' && hint.ptr[len] != '_') len++;
    snprintf(hint_code, sizeof hint_code, "%.*s", (int)len, hint.ptr ? hint.ptr : "");
    struct sea_cld2_result found = sea_cld2(text.ptr, (int)text.len, len >= 2 ? hint_code : NULL);
    snprintf(ret->language, sizeof ret->language, "%s", renamed(found.language));
    ret->confidence_pct = (uint32_t)(found.is_reliable ? found.percent : found.percent / 2);
    ret->is_sure =
        found.is_reliable && found.percent >= SURE_PCT && found.letter_bytes >= SURE_BYTES;
    if (!strcmp(scripts->most, "Hani")) {
        bool is_traditional = !strcmp(ret->language, "zh-Hant");
        snprintf(ret->script, sizeof ret->script, "%s", is_traditional ? "Hant" : "Hans");
        if (!strcmp(ret->language, "und")) snprintf(ret->language, sizeof ret->language, "zh");
    }
    if (!strcmp(ret->language, "und")) ret->is_sure = false;
}

struct sea_detected sea_detect(struct sea_str text, struct sea_str hint)
{
    struct sea_detected detected = {.language = "und"};
    struct sea_buf words = SEA_BUF(SEA_DETECT_MAX + 2);
    if (!sea_utf8_is_valid(text)) return detected;
    without_codes(sea_utf8_cut(text, SEA_DETECT_MAX), &words);
    struct sea_str cleaned = sea_buf_view(&words);
    struct scripts scripts = count_scripts(cleaned);
    if (scripts.most) {
        snprintf(detected.script, sizeof detected.script, "%s", scripts.most);
        if (!by_script(&scripts, &detected)) by_cld2(cleaned, hint, &scripts, &detected);
    }
    sea_buf_free(&words);
    return detected;
}
