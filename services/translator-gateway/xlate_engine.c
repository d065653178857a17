/* xlate_engine.c: LibreTranslate's JSON. */
#include "xlate_engine.h"

#include <yyjson.h>

#include "sea_json.h"
#include "xlate_language.h"

static void add(struct sea_buf *body, const char *name, struct sea_str value)
{
    sea_buf_char(body, body->len > 0 ? ',' : '{');
    sea_json_string(body, sea_str(name));
    sea_buf_char(body, ':');
    sea_json_string(body, value);
}

void xlate_engine_ask(const struct xlate_engine_question *question, struct sea_buf *body)
{
    char source[XLATE_LANGUAGE_CODE], target[XLATE_LANGUAGE_CODE];
    xlate_language_code(question->source, source);
    xlate_language_code(question->target, target);
    add(body, "q", question->text);
    add(body, "source", sea_str(source));
    add(body, "target", sea_str(target));
    add(body, "format", SEA_STR("text"));
    if (question->api_key.len > 0) add(body, "api_key", question->api_key);
    sea_buf_char(body, '}');
}

enum xlate_engine_outcome xlate_engine_read(int status, struct sea_str body, struct sea_buf *text)
{
    if (status == 400 || status == 404 || status == 413) return XLATE_ENGINE_REFUSED;
    if (status != 200) return XLATE_ENGINE_FAILED;
    yyjson_doc *doc = yyjson_read(body.ptr, body.len, 0);
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), "translatedText");
    bool is_good = yyjson_is_str(value) && yyjson_get_len(value) > 0;
    if (is_good) sea_buf_add(text, yyjson_get_str(value), yyjson_get_len(value));
    yyjson_doc_free(doc);
    return is_good && !text->is_full ? XLATE_ENGINE_GOOD : XLATE_ENGINE_FAILED;
}
