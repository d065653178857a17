/* fake_translate.h: a translation engine that knows a few sentences of the demo by heart, and marks
 * every other text with the language it was asked for. The same question always has the same
 * answer. Pure. */
#ifndef FAKE_TRANSLATE_H
#define FAKE_TRANSLATE_H

#include "sea_base.h"
#include "sea_buf.h"

struct fake_language {
    const char *code, *name;
};
extern const struct fake_language fake_languages[];
extern const size_t fake_languages_count;

/* Whether the engine knows a language; regions are forgiven ("pt-BR" is "pt"), "auto" is none. */
bool fake_translate_knows(struct sea_str language);

/* Appends the translation: one of the known sentences, else "[pt-BR] " and the text as it is,
 * placeholders included. With `is_mangled` digits are dropped and placeholders with them, as bad
 * engines do. */
void fake_translate(struct sea_str text, struct sea_str target, bool is_mangled,
                    struct sea_buf *ret);

/* The language of a known sentence; "en" for others. */
const char *fake_translate_detect(struct sea_str text);

#endif
