/* sea_cld2.h: CLD2, a C++ library, as a C function. */
#ifndef SEA_CLD2_H
#define SEA_CLD2_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sea_cld2_result {
    const char *language; /* CLD2's code, static */
    int percent;          /* of the text */
    int letter_bytes;     /* CLD2 counts letters only */
    bool is_reliable;
};

/* `hint` is a language code or NULL. `text` must be UTF-8; otherwise the language is unknown
 * (`un`). */
struct sea_cld2_result sea_cld2(const char *text, int len, const char *hint);

#ifdef __cplusplus
}
#endif

#endif
