/* fuzz_letter.c: whatever a customer or an agent wrote, it never gets out of its place: no line of
 * a request's head and no header of an e-mail is made by it. Input: sender, class, the lengths of
 * address, subject and thread, then these and the text. */
#include <stdlib.h>
#include <string.h>

#include "notify_provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sea_channel CHANNEL = {"email", SEA_ADAPTER_GENERIC, SEA_CHANNEL_EMAIL};

static struct sea_str take(struct sea_str *rest, size_t len)
{
    struct sea_str taken = {rest->ptr, len < rest->len ? len : rest->len};
    *rest = (struct sea_str){rest->ptr + taken.len, rest->len - taken.len};
    return taken;
}

static void check_line(struct sea_str line)
{
    static const char *const NAMES[] = {
        " =?UTF-8?B?",   "Date: ",        "From: ",         "To: <",
        "Subject: ",     "Message-ID: <", "In-Reply-To: <", "References: <",
        "MIME-Version:", "Content-T",     "Auto-",          "List-Unsub",
    };
    bool is_known = false;
    for (size_t i = 0; i < SEA_COUNT(NAMES); i++) is_known |= sea_str_starts(line, NAMES[i]);
    sea_assert(is_known && line.len <= 998);
    for (size_t i = 0; i < line.len; i++) sea_assert(line.ptr[i] >= ' ' && line.ptr[i] <= '~');
}

static void check_mail(const struct notify_call *call)
{
    struct sea_str rest = sea_buf_view(&call->body);
    for (;;) {
        const char *end = memmem(rest.ptr, rest.len, "\r\n", 2);
        sea_assert(end != NULL);
        struct sea_str line = take(&rest, (size_t)(end - rest.ptr));
        take(&rest, 2);
        if (line.len == 0) break;
        check_line(line);
    }
    sea_assert(strpbrk(call->mail_to.ptr, "\r\n <>") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 5 };
    if (size < HEAD) return 0;
    enum sea_adapter adapter = (enum sea_adapter)(data[0] % SEA_ADAPTER_WAYS);
    bool is_mail = adapter == SEA_ADAPTER_SMTP;
    const struct sea_account account = {.channel = &CHANNEL,
                                        .name = "demo",
                                        .send_adapter = adapter,
                                        .is_enabled = true,
                                        .api_base = "smtp://mail.example",
                                        .token = {{SEA_STR("token")}, 1},
                                        .sender = is_mail ? "Shop <care@shop.example>" : "77",
                                        .login = "care"};
    struct sea_str rest = {(const char *)data + HEAD, size - HEAD};
    struct notify_letter letter = {.account = &account,
                                   .class = (enum sea_message_class)(data[1] % SEA_CLASS_COUNT),
                                   .to = take(&rest, data[2]),
                                   .subject = take(&rest, data[3]),
                                   .thread = take(&rest, data[4]),
                                   .text = rest,
                                   .public_url = SEA_STR("https://desk.example"),
                                   .now_ms = 1795335300000};
    struct notify_call call = NOTIFY_CALL;
    if (notify_provider_call(&letter, &call) == NULL) {
        sea_assert(call.url.len > 0 && strpbrk(call.url.ptr, "\r\n ") == NULL);
        for (size_t i = 0; i < SEA_COUNT(call.lines); i++)
            sea_assert(strpbrk(call.lines[i], "\r\n") == NULL);
        if (call.is_mail) check_mail(&call);
    }
    notify_call_free(&call);
    return 0;
}
