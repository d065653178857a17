/* sea_load_templates.c: loads templates/: a template a file, and the phrases of codes. */
#include <stdio.h>
#include <string.h>

#include "sea_language.h"
#include "sea_settings_private.h"

static uint32_t index_of(const struct sea_texts *variables, struct sea_str name)
{
    uint32_t i = 0;
    while (i < variables->count && !sea_str_is(name, variables->items[i])) i++;
    return i;
}

/* Exactly the declared variables, each at least once. */
static void check_text(struct sea_yaml_node node, const char *text,
                       const struct sea_texts *variables)
{
    struct sea_str piece;
    bool is_variable, is_bad;
    uint32_t used = 0;
    while (sea_template_next(&text, &piece, &is_variable, &is_bad)) {
        if (!is_variable) continue;
        uint32_t i = index_of(variables, piece);
        if (i == variables->count)
            sea_yaml_error(node, "variable {%.*s} is not declared, expected one of 'variables'",
                           (int)(piece.len < 60 ? piece.len : 60), piece.ptr);
        else
            used |= 1u << i;
    }
    if (is_bad) sea_yaml_error(node, "a brace without its partner, expected {name}, {{ or }}");
    for (uint32_t i = 0; i < variables->count && !is_bad; i++)
        if (!(used & 1u << i))
            sea_yaml_error(node, "variable {%s} is missing, expected every one of 'variables'",
                           variables->items[i]);
}

const struct sea_template_text *
sea_loader_says(struct sea_yaml_node node, const struct sea_texts *variables, uint32_t *ret_count)
{
    struct sea_yaml_map map;
    struct sea_yaml_node key;
    uint32_t capacity = 0, count = 0;
    bool has_english = false;
    const char *language;
    if (!sea_yaml_map(node, &map)) return NULL;
    for (uint32_t cursor = 0; sea_yaml_next(&map, &cursor, &language, &key);) capacity++;
    struct sea_template_text *texts = sea_loader_array(node, capacity, sizeof *texts);
    for (uint32_t cursor = 0; texts && sea_yaml_next(&map, &cursor, &language, &key);) {
        struct sea_yaml_node value = sea_yaml_get(&map, language);
        struct sea_template_text *text = &texts[count];
        if (!sea_yaml_text(value, &text->text)) continue;
        text->language = language;
        count++;
        has_english = has_english || !strcmp(language, "en");
        if (strlen(text->text) > SEA_TEMPLATE_TEXT_MAX)
            sea_yaml_error(value, "too long, expected at most %d bytes", SEA_TEMPLATE_TEXT_MAX);
        check_text(value, text->text, variables);
    }
    if (!has_english) sea_yaml_error(node, "missing key, expected a text in 'en'");
    *ret_count = count;
    return texts;
}

static void read_template(struct sea_yaml_map *file, struct sea_template *template)
{
    int64_t version = 1;
    uint32_t class = SEA_CLASS_SERVICE;
    struct sea_yaml_node id = sea_yaml_need(file, "template");
    const char *name = NULL;
    (void)sea_yaml_get(file, "example");
    if (sea_yaml_text(id, &name) && strcmp(name, template->id) != 0)
        sea_yaml_error(id, "'%s', expected '%s' as the file is named", name, template->id);
    sea_yaml_int(sea_yaml_need(file, "version"), 1, 1000000, &version);
    template->version = (uint32_t)version;
    sea_yaml_choice(sea_yaml_need(file, "class"), SEA_MESSAGE_CLASS_NAMES, SEA_CLASS_COUNT, &class);
    template->class = (enum sea_message_class) class;
    sea_yaml_bool(sea_yaml_get(file, "urgent"), &template->is_urgent);
    template->whatsapp = template->id;
    sea_yaml_text(sea_yaml_get(file, "whatsapp"), &template->whatsapp);
    struct sea_yaml_node variables = sea_yaml_get(file, "variables");
    sea_loader_list(variables, &template->variables);
    if (template->variables.count > SEA_TEMPLATE_VARIABLES_MAX) {
        sea_yaml_error(variables, "too many variables, expected at most %d",
                       SEA_TEMPLATE_VARIABLES_MAX);
        template->variables.count = SEA_TEMPLATE_VARIABLES_MAX;
    }
    template->texts =
        sea_loader_says(sea_yaml_need(file, "texts"), &template->variables, &template->text_count);
}

static void read_phrases(struct sea_loader *loader, struct sea_yaml_map *file)
{
    static const struct sea_texts NO_VARIABLES = {0};
    struct sea_templates *templates = &loader->settings->templates;
    struct sea_yaml_map map;
    struct sea_yaml_node key;
    const char *code;
    uint32_t capacity = 0, count = 0;
    (void)sea_yaml_get(file, "example");
    if (!sea_yaml_map(sea_yaml_need(file, "phrases"), &map)) return;
    for (uint32_t cursor = 0; sea_yaml_next(&map, &cursor, &code, &key);) capacity++;
    struct sea_phrase *phrases = sea_loader_array(map.layers[0], capacity, sizeof *phrases);
    for (uint32_t cursor = 0; phrases && sea_yaml_next(&map, &cursor, &code, &key);) {
        phrases[count].code = code;
        phrases[count].texts =
            sea_loader_says(sea_yaml_get(&map, code), &NO_VARIABLES, &phrases[count].text_count);
        if (phrases[count].texts)
            count++;
        else
            sea_yaml_error(key, "no texts, expected one for each language");
    }
    templates->phrases = phrases;
    templates->phrase_count = count;
}

void sea_load_templates(struct sea_loader *loader)
{
    struct sea_settings *settings = loader->settings;
    const char *const *names = NULL;
    uint32_t count = 0;
    char path[1024];
    snprintf(path, sizeof path, "%s/templates", loader->from->folder);
    if (!sea_yaml_folder(path, &settings->arena, loader->errors, &names, &count)) return;
    struct sea_template *items = sea_arena_zero(&settings->arena, count * sizeof *items + 1);
    sea_assert(items); /* bounded by SEA_YAML_FOLDER_MAX */
    for (uint32_t i = 0; i < count; i++) {
        struct sea_yaml *yaml = NULL;
        struct sea_yaml_map file;
        snprintf(path, sizeof path, "%s/templates/%s.yaml", loader->from->folder, names[i]);
        if (!sea_yaml_open(path, &settings->arena, loader->errors, &yaml)) continue;
        sea_examples_add(&settings->examples, yaml);
        if (sea_yaml_map(sea_yaml_root(yaml), &file)) {
            bool is_phrases = !strcmp(names[i], "phrases");
            struct sea_template *item = &items[settings->templates.count];
            item->id = names[i];
            if (is_phrases)
                read_phrases(loader, &file);
            else
                read_template(&file, item);
            settings->templates.count += !is_phrases;
            sea_yaml_end(&file);
        }
        sea_yaml_close(&yaml);
    }
    settings->templates.items = items;
}
