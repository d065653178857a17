/* ingest_scope.c: scopes of publishers' keys, and data regions. */
#include "ingest_scope.h"

#include <string.h>

bool ingest_scope_event(const struct ingest_scope *scope, struct sea_str source,
                        struct sea_str type, struct ingest_problem *problem)
{
    const struct sea_source *publisher = scope->publisher;
    if (!publisher) return true;
    if (!sea_scope_has(&publisher->allowed, source))
        return ingest_refuse(problem, 403, "source-not-allowed",
                             "the key may not publish for this source", "/source");
    if (publisher->types.count && !sea_scope_has(&publisher->types, type))
        return ingest_refuse(problem, 403, "source-not-allowed",
                             "the key may not publish events of this type", "/type");
    return true;
}

/* NULL: nothing tells. */
static const struct sea_market *market_of(const struct sea_markets *markets,
                                          const struct ingest_whence *whence)
{
    const struct sea_market *market = sea_market_by_code(markets, whence->code);
    if (!market) market = sea_market_of(markets, &whence->facts);
    bool is_told = market != markets->global || sea_str_is(whence->code, market->code);
    return is_told ? market : NULL;
}

static bool is_in_scope(const struct sea_source *publisher, const struct sea_market *market)
{
    for (uint32_t i = 0; market && i < publisher->market_count; i++)
        if (sea_market_is_in(market, publisher->markets[i])) return true;
    return publisher->market_count == 0;
}

bool ingest_scope_market(const struct ingest_scope *scope, const struct ingest_whence *whence,
                         struct ingest_problem *problem)
{
    if (!scope->markets) return true;
    const struct sea_market *market = market_of(scope->markets, whence);
    if (scope->publisher && !is_in_scope(scope->publisher, market))
        return ingest_refuse(problem, 403, "source-not-allowed",
                             "the key may not publish for this market", whence->field);
    if (!market || !market->region || !*scope->region || !strcmp(market->region, scope->region))
        return true;
    ingest_refuse(problem, 421, "wrong-region",
                  "this market's data are kept in another region, named by `reason`",
                  whence->field);
    problem->reason = market->region;
    return false;
}
