/* sea_lexicon.c: matches folded texts against the word lists. */
#include "sea_lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "sea_arena.h"
#include "sea_fold.h"
#include "sea_lexicon_words.h"

enum { LEXICON_MAX = 256 * 1024, WHOLE_MAX_BYTES = 80 };

struct entry {
    enum sea_intent intent;
    enum sea_match match;
    struct sea_str folded; /* WORDS: with a blank at both ends */
};

struct sea_lexicon {
    struct sea_arena arena;
    struct entry *entries;
    uint32_t count;
};

static void fold_words(struct sea_str text, struct sea_buf *out)
{
    sea_buf_char(out, ' ');
    sea_fold(text, out);
    sea_buf_char(out, ' ');
}

static void add_entry(struct sea_lexicon *lexicon, const struct sea_word_list *list,
                      const char *word)
{
    struct sea_buf folded = SEA_BUF(1024);
    if (list->match == SEA_MATCH_WORDS)
        fold_words(sea_str(word), &folded);
    else
        sea_fold_compact(sea_str(word), &folded);
    lexicon->entries[lexicon->count++] = (struct entry){
        list->intent, list->match, sea_arena_str(&lexicon->arena, sea_buf_view(&folded))};
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

static bool matches(const struct entry *entry, struct sea_str words, struct sea_str compact)
{
    if (entry->match == SEA_MATCH_WHOLE) return sea_str_eq(entry->folded, compact);
    struct sea_str in = entry->match == SEA_MATCH_WORDS ? words : compact;
    return memmem(in.ptr, in.len, entry->folded.ptr, entry->folded.len) != NULL;
}

enum sea_intent sea_lexicon_intent(const struct sea_lexicon *lexicon, struct sea_str text,
                                   const struct sea_lexicon_extra *extra)
{
    struct sea_buf words = SEA_BUF(16 * SEA_FOLD_MAX), compact = SEA_BUF(16 * SEA_FOLD_MAX);
    enum sea_intent intent = SEA_INTENT_NONE;
    fold_words(text, &words);
    for (size_t i = 0; i < words.len; i++)
        if (words.ptr[i] != ' ') sea_buf_char(&compact, words.ptr[i]);
    struct sea_str all = sea_buf_view(&compact);
    bool is_short = all.len > 0 && all.len <= WHOLE_MAX_BYTES;
    if (is_short && extra && is_one_of(all, extra->stop, extra->stop_count))
        intent = SEA_INTENT_STOP;
    else if (is_short && extra && is_one_of(all, extra->start, extra->start_count))
        intent = SEA_INTENT_START;
    for (uint32_t i = 0; i < lexicon->count && all.len > 0 && intent == SEA_INTENT_NONE; i++)
        if (matches(&lexicon->entries[i], sea_buf_view(&words), all))
            intent = lexicon->entries[i].intent;
    sea_buf_free(&words);
    sea_buf_free(&compact);
    return intent;
}
