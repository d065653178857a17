/* sea_channels.h: channels.yaml: the accounts a company has with providers, who may publish events,
 * who may call the desk. All of it is immutable and owned by the settings it came from. */
#ifndef SEA_CHANNELS_H
#define SEA_CHANNELS_H

#include "sea_base.h"
#include "sea_market.h"
#include "sea_menu.h"

enum {
    SEA_SECRETS_MAX = 2,
    SEA_SOURCE_BURST_MIN = 100, /* a full batch of events */
};

/* The live secrets of one thing: two while it is being rotated. Never logged. */
struct sea_secrets {
    struct sea_str live[SEA_SECRETS_MAX];
    uint32_t count;
};

/* Whether `given` is one of them; constant time for a given length. */
bool sea_secrets_match(const struct sea_secrets *secrets, struct sea_str given);

/* A provider's wire format (sea_channels.def): which verifier, parser and sender handle it. */
enum sea_adapter {
    SEA_ADAPTER_GENERIC, /* POST /v1/messages; answers go by SEA_ADAPTER_WEBHOOK */
#define SEA_ADAPTER_ROW(id, symbol, name, traits) SEA_ADAPTER_##id,
#define SEA_CHANNEL_ROW(code, id, class)
#include "sea_channels.def"
#undef SEA_ADAPTER_ROW
#undef SEA_CHANNEL_ROW
    SEA_ADAPTER_COUNT,
    SEA_ADAPTER_SMTP = SEA_ADAPTER_COUNT, /* e-mail, which only goes out that way */
    SEA_ADAPTER_WAYS,                     /* how many there are in and out */
};

/* Texts to telephones, which need no data. */
bool sea_adapter_is_sms(enum sea_adapter adapter);
/* Free text goes only for a day after the customer's last message (Meta). */
bool sea_adapter_has_window(enum sea_adapter adapter);
/* As in channels.yaml: whatsapp, twilio-sms, generic … */
const char *sea_adapter_name(enum sea_adapter adapter);

struct sea_channel {
    const char *name;             /* as in paths and messages: whatsapp, twilio-sms, form … */
    enum sea_adapter adapter;     /* of accounts that name no other */
    enum sea_channel_class class; /* of its clocks, where a market's pack says no other */
};

struct sea_account {
    const struct sea_channel *channel;
    const char *name;
    enum sea_adapter adapter;        /* of what the provider sends us */
    enum sea_adapter send_adapter;   /* of what we send, where there is an api_base */
    const struct sea_market *market; /* NULL: by the Market rule of the contact */
    bool is_enabled;
    struct sea_secrets secret;       /* what the provider signs with (app secret, auth token) */
    struct sea_secrets verify_token; /* of the subscription challenge */
    struct sea_secrets token;        /* what we send with; of Twilio the auth token */
    const char *api_base;            /* without a final '/'; NULL: this account can't send */
    const char *sender;              /* phone number id, or the number we send from; NULL: none */
    const char *login;           /* account sid, or user name; NULL elsewhere, or none is wanted */
    const struct sea_menu *menu; /* of dialogues by dial string; NULL elsewhere */
    uint32_t rate_per_s;         /* sends a second that the provider allows */
    const char *files_base;      /* where its customers' files are fetched; NULL: nowhere */
    struct sea_secrets files_token;
};

/* Web chat: what is said is read on notifier's stream, no provider is called. */
bool sea_account_is_chat(const struct sea_account *account);
/* Enabled, and there is a way for our words: a provider's API, or sessions that can be signed. */
bool sea_account_can_send(const struct sea_account *account);

/* A registered publisher of business events and generic messages. */
struct sea_source {
    const char *name;
    struct sea_secrets keys;                 /* Bearer */
    struct sea_secrets signing;              /* Standard Webhooks */
    struct sea_texts allowed;                /* CloudEvents sources it may speak for */
    struct sea_texts types;                  /* of events it may publish; none: all */
    const struct sea_market *const *markets; /* it may speak for; none: all */
    uint32_t market_count;
    uint32_t rate_per_s, burst;         /* events a second, and how many at once; 0: no limit */
    const char *rejects_url;            /* where its rejects are posted; NULL: nowhere */
    struct sea_secrets rejects_signing; /* Standard Webhooks, of those posts */
};

/* Whether a scope has `text`: exactly, or by a prefix that ends in '*'. */
bool sea_scope_has(const struct sea_texts *scope, struct sea_str text);

struct sea_api_key {
    const char *name;
    struct sea_secrets keys;
};

struct sea_channels {
    const struct sea_account *accounts;
    uint32_t account_count;
    const struct sea_source *sources;
    uint32_t source_count;
    const struct sea_api_key *api_keys;
    uint32_t api_key_count;
};

/* A channel that this version knows; NULL otherwise. */
const struct sea_channel *sea_channel_of(struct sea_str name);

/* What customers of this market expect of a channel: by its pack, else as everywhere. */
enum sea_channel_class sea_channel_class_in(const struct sea_market *market, struct sea_str name);

/* Every one of them, for `index` from 0 on; NULL after the last. */
const struct sea_channel *sea_channel_at(size_t index);

/* Disabled accounts are found too; NULL: unknown. */
const struct sea_account *sea_channels_account(const struct sea_channels *channels,
                                               struct sea_str channel, struct sea_str account);
/* By how many channels customers of this market can be answered: enabled, able to send, and not
 * closed to them. */
uint32_t sea_channels_reply_ways(const struct sea_channels *channels,
                                 const struct sea_market *market);
/* Whose key this is; NULL: nobody's. */
const struct sea_source *sea_channels_source(const struct sea_channels *channels,
                                             struct sea_str key);
/* Who speaks for a CloudEvents source: the one whose scope names it most exactly; NULL: nobody, or
 * several alike. */
const struct sea_source *sea_channels_source_for(const struct sea_channels *channels,
                                                 struct sea_str ce_source);
const struct sea_source *sea_channels_source_named(const struct sea_channels *channels,
                                                   struct sea_str name);
const struct sea_api_key *sea_channels_api_key(const struct sea_channels *channels,
                                               struct sea_str key);

#endif
