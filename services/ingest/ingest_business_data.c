/* ingest_business_data.c: checked data of a business event as the plain items of the edge. */
#include "ingest_business_data.h"

#include <string.h>

#include "sea_enc.h"
#include "seadesk/v1/calls.pb-c.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"

/* 0: absent; that it is a time was checked. */
static int64_t time_of(const char *text)
{
    int64_t ms = 0;
    return sea_time_parse(sea_str(text), &ms) ? ms : 0;
}

int64_t ingest_data_time(const Seadesk__V1__BusinessData *data)
{
    return time_of(data->occurred_at);
}

struct sea_str ingest_data_customer(const Seadesk__V1__BusinessData *data)
{
    return sea_str(data->customer ? data->customer->customer_ref : "");
}

void ingest_data_order(const Seadesk__V1__BusinessData *data, struct ingest_order *ret)
{
    *ret = (struct ingest_order){
        .order_id = sea_str(data->order_id),
        .market = sea_str(data->market),
        .customer_ref = ingest_data_customer(data),
        .occurred_at_ms = ingest_data_time(data),
        .expected_at_ms = time_of(data->expected_at),
        .reason = sea_str(data->reason),
        .location = sea_str(data->location),
        .is_historical = data->historical,
        .has_sequence =
            data->has_sequence_case == SEADESK__V1__BUSINESS_DATA__HAS_SEQUENCE_SEQUENCE,
        .sequence = data->sequence,
    };
    if (data->parcel) {
        ret->parcel_id = sea_str(data->parcel->parcel_id);
        ret->carrier = sea_str(data->parcel->carrier);
        ret->tracking_number = sea_str(data->parcel->tracking_number);
    }
    if (data->amount) {
        ret->has_amount = true;
        ret->minor = data->amount->minor;
        ret->currency = sea_str(data->amount->currency);
    }
}

bool ingest_data_profile(const Seadesk__V1__BusinessData *data, struct sea_arena *arena,
                         struct ingest_profile *ret)
{
    const Seadesk__V1__BusinessCustomer *customer = data->customer;
    *ret = (struct ingest_profile){
        .customer_ref = sea_str(customer->customer_ref),
        .name = sea_str(customer->name),
        .locale = sea_str(*customer->locale ? customer->locale : data->preferred_language),
        .phone = sea_str(customer->phone),
        .email = sea_str(customer->email),
        .tier = sea_str(*customer->tier ? customer->tier : data->tier),
        .observance = sea_str(customer->observance ? customer->observance->value : ""),
        .handset = sea_str(customer->handset),
        .order_id = sea_str(data->order_id),
        .market = sea_str(data->market),
        .channels = sea_arena_alloc(arena, (customer->n_channels + 1) * sizeof(*ret->channels)),
    };
    for (size_t i = 0; ret->channels && i < customer->n_channels; i++) {
        const Seadesk__V1__BusinessChannel *channel = customer->channels[i];
        if (!*channel->channel || !*channel->account || !*channel->id) continue;
        ret->channels[ret->channels_count++] = (struct ingest_channel){
            sea_str(channel->channel), sea_str(channel->account), sea_str(channel->id)};
    }
    return ret->channels != NULL;
}

/* Its place among the words that are allowed, from 1. */
static int place_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(word, words[i]) == 0) return (int)i;
    return 0;
}

void ingest_data_consent(const Seadesk__V1__BusinessConsent *consent, struct ingest_item *ret)
{
    static const char *const CLASSES[] = {
        [SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE] = "service",
        [SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING] = "marketing",
        [SEADESK__V1__CONSENT_CLASS__CONSENT_RECORDING] = "recording"};
    ret->consent =
        (struct ingest_consent){.class = place_of(consent->class_, CLASSES, SEA_COUNT(CLASSES)),
                                .is_granted = consent->granted,
                                .proof = sea_str(consent->proof)};
    ret->channel = sea_str(consent->channel);
    ret->account = sea_str(consent->account);
    ret->contact_id = sea_str(consent->id);
}

void ingest_data_product(const Seadesk__V1__BusinessData *data, struct ingest_launch *ret)
{
    const Seadesk__V1__BusinessProduct *product = data->product;
    *ret = (struct ingest_launch){
        .is_historical = data->historical,
        .id = sea_str(product->product_id),
        .name = sea_str(product->name),
        .version = sea_str(product->version),
        .category = sea_str(product->category),
        .url = sea_str(product->url),
        .from_ms = *product->available_at ? time_of(product->available_at) : ingest_data_time(data),
        .markets = product->markets,
        .markets_count = product->n_markets,
    };
}

void ingest_data_campaign(const Seadesk__V1__BusinessData *data, struct ingest_launch *ret)
{
    const Seadesk__V1__BusinessCampaign *campaign = data->campaign;
    *ret = (struct ingest_launch){
        .is_campaign = true,
        .is_historical = data->historical,
        .id = sea_str(campaign->campaign_id),
        .name = sea_str(campaign->name),
        .url = sea_str(campaign->url),
        .from_ms = time_of(campaign->starts_at),
        .until_ms = time_of(campaign->ends_at),
        .markets = campaign->markets,
        .markets_count = campaign->n_markets,
        .product_ids = campaign->product_ids,
        .product_ids_count = campaign->n_product_ids,
    };
}

void ingest_data_review(const Seadesk__V1__BusinessData *data, struct ingest_item *ret)
{
    const Seadesk__V1__BusinessReview *review = data->review;
    const Seadesk__V1__BusinessCustomer *customer = data->customer;
    struct sea_str author = sea_str(review->author_id);
    if (!author.len) author = ingest_data_customer(data);
    ret->contact_id = author.len ? author : sea_str(review->review_id);
    ret->message = (struct ingest_message){
        .kind = SEADESK__V1__MESSAGE_KIND__TEXT,
        .external_id = sea_str(review->review_id),
        .name = sea_str(review->author_name),
        .phone = sea_str(customer ? customer->phone : ""),
        .email = sea_str(customer ? customer->email : ""),
        .locale = sea_str(*review->language ? review->language
                          : customer        ? customer->locale
                                            : ""),
        .subject = sea_str(review->title),
        .text = sea_str(review->text),
        .order_id = sea_str(data->order_id),
        .is_public = true,
        .rating = (uint32_t)review->rating,
    };
}

void ingest_data_call(const Seadesk__V1__BusinessData *data, struct ingest_item *ret)
{
    static const char *const DIRECTIONS[] = {
        [SEADESK__V1__CALL_DIRECTION__CALL_INBOUND] = "inbound",
        [SEADESK__V1__CALL_DIRECTION__CALL_OUTBOUND] = "outbound"};
    static const char *const OUTCOMES[] = {[SEADESK__V1__CALL_OUTCOME__CALL_ANSWERED] = "answered",
                                           [SEADESK__V1__CALL_OUTCOME__CALL_MISSED] = "missed",
                                           [SEADESK__V1__CALL_OUTCOME__CALL_BUSY] = "busy",
                                           [SEADESK__V1__CALL_OUTCOME__CALL_VOICEMAIL] =
                                               "voicemail",
                                           [SEADESK__V1__CALL_OUTCOME__CALL_FAILED] = "failed"};
    const Seadesk__V1__BusinessCall *call = data->call;
    ret->contact_id = sea_str(call->number);
    ret->call = (struct ingest_call){
        .direction = place_of(call->direction, DIRECTIONS, SEA_COUNT(DIRECTIONS)),
        .outcome = place_of(call->outcome, OUTCOMES, SEA_COUNT(OUTCOMES)),
        .id = sea_str(call->call_id),
        .agent = sea_str(call->agent),
        .recording = sea_str(call->recording),
        .order_id = sea_str(data->order_id),
        .market = sea_str(data->market),
        .customer_ref = ingest_data_customer(data),
        .started_at_ms = time_of(call->started_at),
        .answered_at_ms = time_of(call->answered_at),
        .ended_at_ms = time_of(call->ended_at),
        .rings = (uint32_t)call->rings,
        .is_historical = data->historical,
    };
}
