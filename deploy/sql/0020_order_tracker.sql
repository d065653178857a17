-- Order-tracker: timelines of orders and parcels, and every event they were made from.
-- An event costs a row of its own and at most a change of its order, its parcel and one exception; no indexed column
-- changes while an order goes on, so that those changes stay on their page (HOT).

-- Every statement looks up rows by key over the arrays of a batch: no plan made while the tables were empty may scan
-- them when they are large.
ALTER ROLE seadesk_order_tracker SET enable_seqscan = off;
ALTER ROLE seadesk_order_tracker SET enable_hashjoin = off;
ALTER ROLE seadesk_order_tracker SET enable_mergejoin = off;
ALTER ROLE seadesk_order_tracker SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_order_tracker SET jit = off;

SET LOCAL ROLE seadesk_order_tracker;
SET LOCAL search_path = order_tracker;

CREATE TABLE orders (
    order_id     text        PRIMARY KEY,
    market       text        NOT NULL DEFAULT '', -- of the first event that named it
    contact_key  bytea,                           -- of channel crm, of the first event that named the customer
    version      bigint      NOT NULL,            -- rises with every change of the timeline
    milestone    smallint    NOT NULL,            -- none, placed, paid or cancelled; values: seadesk.v1.Milestone
    is_told      boolean     NOT NULL,            -- nothing is left to be told about that milestone
    placed_at    timestamptz,
    paid_at      timestamptz,
    cancelled_at timestamptz,
    parcels_fact smallint    NOT NULL DEFAULT 0,  -- place in the history of the parcels' latest milestone:
    parcels_at   timestamptz,                     -- fact (seadesk.v1.OrderFact), time,
    parcels_sequence bigint,                      -- and the publisher's sequence, where it has one
    gone         date                             -- the day after which it is forgotten
) WITH (fillfactor = 70);
CREATE INDEX orders_contact ON orders (contact_key) WHERE contact_key IS NOT NULL;
CREATE INDEX orders_gone ON orders (gone) WHERE gone IS NOT NULL;

CREATE TABLE parcel (
    order_id            text     NOT NULL,
    parcel_id           text     NOT NULL,
    carrier             text     NOT NULL DEFAULT '',
    tracking_number     text     NOT NULL DEFAULT '',
    milestone           smallint NOT NULL,
    is_told             boolean  NOT NULL,
    dispatched_at       timestamptz,
    in_customs_at       timestamptz,
    out_for_delivery_at timestamptz,
    delivered_at        timestamptz,
    returned_at         timestamptz,
    moved_fact          smallint NOT NULL DEFAULT 0, -- place of the latest event that closes all trouble
    moved_at            timestamptz,
    moved_sequence      bigint,
    PRIMARY KEY (order_id, parcel_id)
) WITH (fillfactor = 70);

-- One class of trouble of a parcel, at its latest time; earlier times stand in the events.
CREATE TABLE exception (
    order_id        text     NOT NULL,
    parcel_id       text     NOT NULL,
    class           smallint NOT NULL,           -- seadesk.v1.ExceptionClass
    since           timestamptz,                 -- NULL: only its end is known
    reason          text     NOT NULL DEFAULT '',
    expected_at     timestamptz,
    ended_at        timestamptz,                 -- NULL: open
    is_told         boolean  NOT NULL,
    tolds           smallint NOT NULL,
    opened_fact     smallint NOT NULL DEFAULT 0, -- places of the latest events that opened and closed it
    opened_at       timestamptz,
    opened_sequence bigint,
    closed_fact     smallint NOT NULL DEFAULT 0,
    closed_at       timestamptz,
    closed_sequence bigint,
    PRIMARY KEY (order_id, parcel_id, class)
) WITH (fillfactor = 70);

-- Every event as it came, and what became of it.
CREATE TABLE event (
    event_id        uuid        NOT NULL, -- ce_id
    root_id         uuid        NOT NULL, -- sd-root
    order_id        text        NOT NULL,
    parcel_id       text        NOT NULL DEFAULT '',
    fact            smallint    NOT NULL,
    outcome         smallint    NOT NULL, -- applied, late, duplicate
    is_historical   boolean     NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz,
    sequence        bigint,
    reason          text        NOT NULL DEFAULT '',
    expected_at     timestamptz,
    location        text        NOT NULL DEFAULT '',
    carrier         text        NOT NULL DEFAULT '',
    tracking_number text        NOT NULL DEFAULT '',
    amount          bigint,               -- in the currency's smallest unit
    currency        text        NOT NULL DEFAULT '',
    source          text        NOT NULL DEFAULT '',
    about           text        NOT NULL DEFAULT '', -- what the customer is to be told because of it
    notice_id       uuid,                 -- ce_id of that NoticeDue
    at              timestamptz NOT NULL, -- when it was applied, of the shiftable clock
    number          smallint    NOT NULL, -- partition and offset it was read at
    "offset"        bigint      NOT NULL,
    PRIMARY KEY (root_id, event_id)
);
CREATE INDEX event_order ON event (order_id);

-- Erasures whose keys may still be in some process's memory (common/erasure).
CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL,
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- seadesk.v1.ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

-- For retention-purger: forgets orders whose time is over, some thousands a call; how many went.
CREATE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = order_tracker, pg_temp AS $$
DECLARE
    ids text[] := ARRAY(SELECT o.order_id FROM orders o WHERE o.gone < today ORDER BY o.gone LIMIT 5000 FOR UPDATE SKIP LOCKED);
BEGIN
    DELETE FROM event e WHERE e.order_id = ANY (ids);
    DELETE FROM exception x WHERE x.order_id = ANY (ids);
    DELETE FROM parcel p WHERE p.order_id = ANY (ids);
    DELETE FROM orders o WHERE o.order_id = ANY (ids);
    RETURN cardinality(ids);
END
$$;
-- For retention-purger: rows of these contacts from before their erasure.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = order_tracker, pg_temp AS $$
    SELECT 'order_tracker.orders', count(*) FROM orders o
    WHERE o.contact_key = ANY (contacts) AND EXISTS (SELECT FROM event e WHERE e.order_id = o.order_id AND e.at < before)
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA order_tracker FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;

-- ── views for others ──────────────────────────────────────────────────────────────────────────────────────────────
CREATE FUNCTION milestone_name(milestone integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (ARRAY['placed', 'paid', 'dispatched', 'in_customs', 'out_for_delivery', 'delivered', 'returned', 'cancelled'])[milestone]
$$;
CREATE FUNCTION fact_name(fact integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (ARRAY['order.placed', 'order.paid', 'order.changed', 'order.cancelled', 'parcel.dispatched', 'parcel.scanned',
                  'parcel.in_customs', 'parcel.customs_held', 'parcel.customs_cleared', 'parcel.address_problem',
                  'parcel.address_corrected', 'parcel.out_for_delivery', 'parcel.delivery_failed', 'parcel.delivered',
                  'parcel.returned', 'refund.completed'])[fact]
$$;

-- Orders: WHERE order_id = … or contact_key = …
--   state  how far the order as a whole is: as its parcel that is least far; NULL: nothing but notes so far
CREATE VIEW timeline_v AS
SELECT o.order_id, o.market, o.contact_key, o.version, milestone_name(s.milestone) AS state, s.milestone,
       o.placed_at, o.paid_at, o.cancelled_at
FROM orders o
CROSS JOIN LATERAL (SELECT CASE WHEN o.milestone = 8 THEN 8
                                ELSE greatest(o.milestone, (SELECT min(p.milestone) FROM parcel p WHERE p.order_id = o.order_id))
                           END::integer AS milestone) AS s;

-- What the order as a whole has reached: WHERE order_id = … ORDER BY rank. Where parcels differ, the time of the last.
CREATE VIEW milestone_v AS
SELECT t.order_id, milestone_name(m.rank) AS name, m.at, m.rank
FROM timeline_v t
CROSS JOIN LATERAL (
    SELECT 1 AS rank, t.placed_at AS at
    UNION ALL SELECT 2, t.paid_at
    UNION ALL SELECT 8, t.cancelled_at
    UNION ALL SELECT r.rank, r.at
    FROM (SELECT max(p.dispatched_at) AS a, max(p.in_customs_at) AS b, max(p.out_for_delivery_at) AS c,
                 max(p.delivered_at) AS d, max(p.returned_at) AS e
          FROM parcel p WHERE p.order_id = t.order_id) AS p
    CROSS JOIN LATERAL (VALUES (3, p.a), (4, p.b), (5, p.c), (6, p.d), (7, p.e)) AS r (rank, at)) AS m
WHERE m.at IS NOT NULL AND (m.rank <= t.milestone OR m.rank <= 2);

-- Parcels: WHERE order_id = … ORDER BY parcel_id
CREATE VIEW parcel_v AS
SELECT order_id, parcel_id, milestone_name(milestone) AS state, carrier, tracking_number, dispatched_at, in_customs_at,
       out_for_delivery_at, delivered_at, returned_at
FROM parcel;

-- Events as they came: WHERE order_id = … ORDER BY occurred_at, sequence. parcel_id is '' for those of the order itself;
-- outcome is applied, late or duplicate.
CREATE VIEW event_v AS
SELECT order_id, parcel_id, event_id, root_id, fact_name(fact) AS name, occurred_at, received_at, sequence, reason,
       expected_at, location, amount, currency, is_historical, (ARRAY['applied', 'late', 'duplicate'])[outcome + 1] AS outcome
FROM event;

-- Trouble, each class of each parcel at its latest time: WHERE order_id = … ORDER BY since. closed_at NULL: open.
CREATE VIEW exception_v AS
SELECT order_id, parcel_id, (ARRAY['customs_held', 'address_problem', 'delivery_failed'])[class] AS class, since, reason,
       expected_at, ended_at AS closed_at
FROM exception WHERE since IS NOT NULL;

-- What the customer was to be told: WHERE order_id = … ORDER BY at. event_id: the edge event that caused it, whose story
-- tells the rest; notice_id: ce_id of the NoticeDue.
CREATE VIEW notice_v AS
SELECT order_id, about, root_id AS event_id, notice_id, at FROM event WHERE notice_id IS NOT NULL;

-- What order-tracker did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT root_id, at, 'order-tracker'::text AS service,
       fact_name(fact) || ' ' || (ARRAY['applied', 'came late', 'said nothing new'])[outcome + 1]
           || CASE WHEN notice_id IS NULL THEN '' ELSE ', notice ' || about || ' due' END AS what,
       'seadesk.orders'::text AS topic, number::integer AS partition, "offset", event_id, NULL::uuid AS caused_by
FROM event;

GRANT SELECT ON timeline_v, milestone_v, parcel_v, event_v, exception_v, notice_v TO seadesk_desk, seadesk_router;
GRANT SELECT ON story_v TO seadesk_desk;
RESET ROLE;
RESET search_path;
