/* router_person.h: whose message it is: contacts, the customers they belong to, what those allow,
 * and by which way they are reached. Pure. */
#ifndef ROUTER_PERSON_H
#define ROUTER_PERSON_H

#include "router_plan.h"

/* The telephone number of an address as digits, or "": on WhatsApp and SMS the address is one. */
struct sea_str router_person_phone(struct router_plan *plan, struct sea_str channel,
                                   struct sea_str address, struct sea_str phone);

/* The channel on which an id of this channel and account names the same person; "": none. Meta's
 * ids are page-scoped: who comments on a page (facebook) has the id under which they write to it
 * (messenger), since Graph API 3.0 (changelog, "Page-Scoped ID API"). */
struct sea_str router_person_twin(struct sea_str channel);

/* A contact that has no row yet: its ids, and the market by contract.md's rule. channel, account,
 * address, phone, locale, twin are set. `at_ms` is now. */
void router_person_meet(struct router_plan *plan, struct router_contact *contact);
/* The contact is the customer's whose `to` is, and goes on with their conversation. */
void router_person_belong(struct router_contact *contact, const struct router_contact *to);
const struct sea_market *router_person_market(const struct router_rules *rules,
                                              const struct router_contact *contact);
/* The zone the contact most likely lives in, NULL: not known; its IANA name, else UTC. */
const struct sea_zone *router_person_clock(const struct router_rules *rules,
                                           const struct router_contact *contact);
const char *router_person_zone(const struct router_rules *rules,
                               const struct router_contact *contact);

/* They share a telephone number or e-mail address, or one's id names the other too. */
bool router_person_is_related(const struct router_contact *a, const struct router_contact *b);
/* A contact that has no row yet joins the customer of those it is related to: the one that has a
 * profile, else the oldest. False: it stays on its own. */
bool router_person_join(struct router_contact *contact, struct router_contact *const *relatives,
                        size_t count);
/* A profile (of channel crm) says that these contacts are its customer's. Takes over those that are
 * on their own; one that belongs to another profile (`crm_of_other`) stays there. Returns false
 * then. */
bool router_person_claim(const struct router_contact *crm, struct router_contact *contact,
                         bool is_another_profiles);

/* What the customer said last wins. False: older than, or the same as, what is known. */
bool router_person_consent(struct router_contact *contact, bool is_marketing, bool is_granted,
                           int64_t at_ms);

/* By what our words go there; GENERIC: by nothing. */
enum sea_adapter router_person_sender(const struct router_rules *rules,
                                      const struct router_contact *contact);
/* Whether the account of this contact can send. */
bool router_person_is_reachable(const struct router_rules *rules,
                                const struct router_contact *contact);
/* Whether its channel is a marketplace's, whose buyers are answered there or nowhere (Amazon,
 * "Communication guidelines"). */
bool router_person_is_marketplace(const struct router_contact *contact);
/* The ladder of a service notice: contacts that can be reached, by what their telephone shows
 * (router_ways.h), and didn't refuse notices, no marketplace's (it tells its buyers itself), in the
 * market's order of channels, the fall-back last, each channel once. Returns how many;
 * *ret_is_refused: none is left because the customer refused. */
uint32_t router_person_ladder(const struct router_rules *rules,
                              struct router_contact *const *contacts, size_t count,
                              struct router_contact *ret[ROUTER_LADDER_MAX], bool *ret_is_refused);
/* The account of a channel that sends for a market: its own, else one for all. NULL: none. */
const struct sea_account *router_person_account(const struct router_rules *rules,
                                                const struct sea_market *market,
                                                const char *channel);
/* The account by which a contact may be reached when its own channel fails: NULL where the market
 * has no fall-back, or the contact is on it already, or is a marketplace's. */
const struct sea_account *router_person_fallback(const struct router_rules *rules,
                                                 const struct router_contact *contact);
/* The address of a telephone number (digits) on that channel; "" where numbers are no addresses. */
struct sea_str router_person_address(struct router_plan *plan, const struct sea_channel *channel,
                                     struct sea_str digits);

#endif
