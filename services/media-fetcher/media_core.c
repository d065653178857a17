/* media_core.c: verdicts, waits, and the marks that files begin with. */
#include "media_core.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "sea_enc.h"

static const int64_t PAUSES_MS[] = {10000, 60000, 600000, 3600000, 21600000};
static const int64_t LEAST_MOST_MS = 86400000;

static struct media_verdict verdict(enum media_state state, const char *reason)
{
    struct media_verdict ret = {.state = state};
    snprintf(ret.reason, sizeof(ret.reason), "%s", reason);
    return ret;
}

struct media_verdict media_refused(const char *reason)
{
    return verdict(MEDIA_REFUSED, reason);
}

struct media_verdict media_failed(const char *reason)
{
    return verdict(MEDIA_FAILED, reason);
}

struct media_verdict media_again(const char *reason, uint32_t tries, int64_t least_ms)
{
    if (tries > SEA_COUNT(PAUSES_MS)) return media_failed(reason);
    struct media_verdict ret = verdict(MEDIA_PENDING, reason);
    ret.after_ms = PAUSES_MS[tries > 0 ? tries - 1 : 0];
    if (least_ms > LEAST_MOST_MS) least_ms = LEAST_MOST_MS;
    if (least_ms > ret.after_ms) ret.after_ms = least_ms;
    return ret;
}

struct media_verdict media_judge(const struct media_answer *answer, uint32_t tries)
{
    int status = answer->status;
    char reason[MEDIA_REASON_TEXT];
    if (answer->is_too_large) return media_refused("too_large");
    if (status == 0 && answer->is_forbidden) return media_refused("forbidden_address");
    if (status == 0) return media_again(answer->is_timeout ? "timeout" : "unreachable", tries, 0);
    if (status == 200) return verdict(MEDIA_DONE, "");
    snprintf(reason, sizeof(reason), "http_%d", status);
    bool may_mend = status == 202 || status == 408 || status == 425 || status == 429 ||
                    status >= 500 || (answer->has_token && (status == 401 || status == 403));
    return may_mend ? media_again(reason, tries, answer->retry_after_ms) : media_failed(reason);
}

struct media_verdict media_quota(uint64_t kept_bytes, uint64_t file_bytes)
{
    bool has_room =
        kept_bytes <= MEDIA_CONTACT_MAX_BYTES && file_bytes <= MEDIA_CONTACT_MAX_BYTES - kept_bytes;
    return has_room ? verdict(MEDIA_DONE, "") : media_refused("quota");
}

struct media_verdict media_check(struct sea_str bytes, const uint8_t *told,
                                 uint8_t ret[MEDIA_DIGEST_BYTES])
{
    crypto_hash_sha256(ret, (const uint8_t *)bytes.ptr, bytes.len);
    if (bytes.len == 0) return media_failed("empty");
    if (told != NULL && memcmp(ret, told, MEDIA_DIGEST_BYTES) != 0) return media_refused("digest");
    return verdict(MEDIA_DONE, "");
}

/* `at` bytes in; "?" stands for any byte. */
static const struct mark {
    const char *mime, *bytes;
    size_t len, at;
} MARKS[] = {
#define MARK(mime, at, bytes)                                                                      \
    {                                                                                              \
        mime, bytes, sizeof(bytes) - 1, at                                                         \
    }
    MARK("image/jpeg", 0, "\xff\xd8\xff"),
    MARK("image/png", 0, "\x89PNG\r\n\x1a\n"),
    MARK("image/gif", 0, "GIF8"),
    MARK("image/webp", 0, "RIFF????WEBP"),
    MARK("audio/wav", 0, "RIFF????WAVE"),
    MARK("image/bmp", 0, "BM????\0\0\0\0"),
    MARK("image/tiff", 0, "II*\0"),
    MARK("image/tiff", 0, "MM\0*"),
    MARK("image/heic", 4, "ftyphei"),
    MARK("image/heif", 4, "ftypmif1"),
    MARK("image/avif", 4, "ftypavif"),
    MARK("audio/mp4", 4, "ftypM4A"),
    MARK("video/3gpp", 4, "ftyp3g"),
    MARK("video/quicktime", 4, "ftypqt"),
    MARK("video/mp4", 4, "ftyp"),
    MARK("video/webm", 0, "\x1a\x45\xdf\xa3"),
    MARK("audio/ogg", 0, "OggS"),
    MARK("audio/flac", 0, "fLaC"),
    MARK("audio/amr", 0, "#!AMR"),
    MARK("audio/mpeg", 0, "ID3"),
    MARK("audio/mpeg", 0, "\xff\xfb"),
    MARK("audio/aac", 0, "\xff\xf1"),
    MARK("application/pdf", 0, "%PDF-"),
    MARK("application/zip", 0, "PK\3\4"),
    MARK("application/gzip", 0, "\x1f\x8b"),
#undef MARK
};

static bool has_mark(struct sea_str bytes, const struct mark *mark)
{
    if (bytes.len < mark->at + mark->len) return false;
    for (size_t i = 0; i < mark->len; i++)
        if (mark->bytes[i] != '?' && mark->bytes[i] != bytes.ptr[mark->at + i]) return false;
    return true;
}

const char *media_mime_of(struct sea_str bytes)
{
    for (size_t i = 0; i < SEA_COUNT(MARKS); i++)
        if (has_mark(bytes, &MARKS[i])) return MARKS[i].mime;
    bool is_text = bytes.len > 0 && memchr(bytes.ptr, 0, bytes.len) == NULL;
    return is_text && sea_utf8_is_valid(bytes) ? "text/plain" : "application/octet-stream";
}
