/* sea_lexicon.c: matches folded texts against the word lists. */
#include "sea_lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "sea_arena.h"
#include "sea_fold.h"
#include "sea_lexicon_words.h"

enum { LEXICON_MAX = 256 * 1024, WHOLE_MAX_BYTES = 80, FOLDED_MAX = 64 * 1024, BUCKETS = 256 };

struct entry {
    enum sea_intent intent;
    enum sea_match match;
    struct sea_str folded; /* WORDS: with a blank at its end */
    struct entry *next;    /* WORDS: in the same bucket */
};

struct sea_lexicon {
    struct sea_arena arena;
    struct entry *entries;
    uint32_t count;
    struct entry *buckets[BUCKETS]; /* WORDS by their first two bytes */
};

static struct entry *const *bucket_of(const struct sea_lexicon *lexicon, const char *word)
{
    return &lexicon->buckets[((unsigned char)word[0] * 31u + (unsigned char)word[1]) % BUCKETS];
}

static void add_entry(struct sea_lexicon *lexicon, const struct sea_word_list *list,
                      const char *word)
{
    struct sea_buf folded = SEA_BUF(1024);
    struct entry *entry = &lexicon->entries[lexicon->count++];
    if (list->match == SEA_MATCH_WORDS) {
        sea_fold(sea_str(word), &folded);
        sea_buf_char(&folded, ' ');
    } else {
        sea_fold_compact(sea_str(word), &folded);
    }
    *entry = (struct entry){list->intent, list->match,
                            sea_arena_str(&lexicon->arena, sea_buf_view(&folded)), NULL};
    if (list->match == SEA_MATCH_WORDS) {
        size_t bucket = (size_t)(bucket_of(lexicon, entry->folded.ptr) - lexicon->buckets);
        entry->next = lexicon->buckets[bucket];
        lexicon->buckets[bucket] = entry;
    }
    sea_buf_free(&folded);
}

struct sea_lexicon *sea_lexicon_open(void)
{
    struct sea_lexicon *lexicon = sea_alloc(sizeof *lexicon);
    size_t count = 0;
    lexicon->arena = (struct sea_arena)SEA_ARENA(LEXICON_MAX);
    for (size_t i = 0; i < SEA_WORD_LISTS_COUNT; i++)
        for (const char *const *word = SEA_WORD_LISTS[i].words; *word; word++) count++;
    lexicon->entries = sea_arena_zero(&lexicon->arena, count * sizeof *lexicon->entries);
    sea_assert(lexicon->entries);
    for (size_t i = 0; i < SEA_WORD_LISTS_COUNT; i++)
        for (const char *const *word = SEA_WORD_LISTS[i].words; *word; word++)
            add_entry(lexicon, &SEA_WORD_LISTS[i], *word);
    return lexicon;
}

void sea_lexicon_close(struct sea_lexicon **lexicon)
{
    if (!*lexicon) return;
    sea_arena_free(&(*lexicon)->arena);
    free(*lexicon);
    *lexicon = NULL;
}

static bool is_one_of(struct sea_str compact, const char *const *words, uint32_t count)
{
    bool is_found = false;
    for (uint32_t i = 0; i < count && !is_found; i++) {
        struct sea_buf folded = SEA_BUF(1024);
        sea_fold_compact(sea_str(words[i]), &folded);
        is_found = folded.len > 0 && sea_str_eq(sea_buf_view(&folded), compact);
        sea_buf_free(&folded);
    }
    return is_found;
}

static bool is_ascii(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80) return false;
    return true;
}

static void keep_first(enum sea_intent *intent, enum sea_intent found)
{
    if (*intent == SEA_INTENT_NONE || found < *intent) *intent = found;
}

/* `words` ends with a blank. */
static void match_words(const struct sea_lexicon *lexicon, struct sea_str words,
                        enum sea_intent *intent)
{
    for (size_t i = 0; i + 1 < words.len; i++) {
        if (i > 0 && words.ptr[i - 1] != ' ') continue;
        const struct entry *entry = *bucket_of(lexicon, words.ptr + i);
        for (; entry; entry = entry->next)
            if (entry->folded.len <= words.len - i &&
                !memcmp(words.ptr + i, entry->folded.ptr, entry->folded.len))
                keep_first(intent, entry->intent);
    }
}

static void match_compact(const struct sea_lexicon *lexicon, struct sea_str compact,
                          enum sea_intent *intent)
{
    bool has_parts = !is_ascii(compact); /* languages without blanks aren't written in ASCII */
    for (uint32_t i = 0; i < lexicon->count; i++) {
        const struct entry *entry = &lexicon->entries[i];
        bool is_hit = false;
        if (entry->match == SEA_MATCH_WHOLE) is_hit = sea_str_eq(entry->folded, compact);
        if (entry->match == SEA_MATCH_PART && has_parts)
            is_hit = memmem(compact.ptr, compact.len, entry->folded.ptr, entry->folded.len);
        if (is_hit) keep_first(intent, entry->intent);
    }
}

enum sea_intent sea_lexicon_intent(const struct sea_lexicon *lexicon, struct sea_str text,
                                   const struct sea_lexicon_extra *extra)
{
    struct sea_buf words = SEA_BUF(FOLDED_MAX), compact = SEA_BUF(FOLDED_MAX);
    enum sea_intent intent = SEA_INTENT_NONE;
    sea_fold(text, &words);
    for (size_t i = 0; i < words.len; i++)
        if (words.ptr[i] != ' ') sea_buf_char(&compact, words.ptr[i]);
    sea_buf_char(&words, ' ');
    struct sea_str all = sea_buf_view(&compact);
    if (all.len > 0) {
        match_words(lexicon, sea_buf_view(&words), &intent);
        match_compact(lexicon, all, &intent);
    }
    if (all.len > 0 && all.len <= WHOLE_MAX_BYTES && extra) {
        if (is_one_of(all, extra->start, extra->start_count)) keep_first(&intent, SEA_INTENT_START);
        if (is_one_of(all, extra->stop, extra->stop_count)) keep_first(&intent, SEA_INTENT_STOP);
    }
    sea_buf_free(&words);
    sea_buf_free(&compact);
    return intent;
}
