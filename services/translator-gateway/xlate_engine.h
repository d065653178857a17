/* xlate_engine.h: a LibreTranslate-style engine's question and answer (POST /translate). No I/O. */
#ifndef XLATE_ENGINE_H
#define XLATE_ENGINE_H

#include "sea_base.h"
#include "sea_buf.h"

struct xlate_engine_question {
    struct sea_str text, source, target; /* language tags (BCP 47); an empty source: the engine
                                            finds it out */
    struct sea_str api_key;              /* empty: none */
};

/* Appends the JSON body. */
void xlate_engine_ask(const struct xlate_engine_question *question, struct sea_buf *body);

enum xlate_engine_outcome {
    XLATE_ENGINE_GOOD,
    XLATE_ENGINE_REFUSED, /* this question it will never answer: a language it doesn't know */
    XLATE_ENGINE_FAILED,  /* another time it may */
};

/* Reads the answer of that HTTP status; GOOD: the translation is appended to `text`. */
enum xlate_engine_outcome xlate_engine_read(int status, struct sea_str body, struct sea_buf *text);

#endif
