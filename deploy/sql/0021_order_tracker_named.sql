-- Order-tracker: facts of trackers that name no order find theirs by the parcel's tracking number (docs/decisions/0011).
-- Both tables stand under the number's key, whose partition owns their rows: a name and a fact of one number never miss each other.

SET LOCAL ROLE seadesk_order_tracker;
SET LOCAL search_path = order_tracker;

-- Orders whose parcel has this number; several, where their goods share a parcel.
CREATE TABLE named (
    parcel_key text        NOT NULL, -- the number in upper case, without spaces and hyphens
    order_id   text        NOT NULL REFERENCES orders,
    parcel_id  text        NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (parcel_key, order_id)
);
CREATE INDEX named_order ON named (order_id);

-- Facts of numbers that no order has named yet.
CREATE TABLE unnamed (
    event_id   uuid        NOT NULL, -- ce_id
    root_id    uuid        NOT NULL, -- sd-root
    parcel_key text        NOT NULL,
    fact       smallint    NOT NULL,
    value      bytea       NOT NULL, -- seadesk.v1.ParcelFact as it came
    at         timestamptz NOT NULL, -- of the shiftable clock
    number     smallint    NOT NULL, -- partition and offset it was read at
    "offset"   bigint      NOT NULL,
    PRIMARY KEY (root_id, event_id)
);
CREATE INDEX unnamed_parcel ON unnamed (parcel_key);
CREATE INDEX unnamed_at ON unnamed (at);

-- Its record stands on seadesk.parcels: found by its tracking number.
ALTER TABLE event ADD COLUMN is_tracked boolean NOT NULL DEFAULT false;

-- Parcels that are known already.
INSERT INTO named (parcel_key, order_id, parcel_id, at)
SELECT upper(translate(p.tracking_number, ' -', '')), p.order_id, min(p.parcel_id), now() FROM parcel p
WHERE translate(p.tracking_number, ' -', '') <> '' GROUP BY 1, 2;

-- As in 0020, and facts that no order has claimed for 30 days.
CREATE OR REPLACE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = order_tracker, pg_temp AS $$
DECLARE
    ids text[] := ARRAY(SELECT o.order_id FROM orders o WHERE o.gone < today ORDER BY o.gone LIMIT 5000 FOR UPDATE SKIP LOCKED);
    facts bigint;
BEGIN
    DELETE FROM event e WHERE e.order_id = ANY (ids);
    DELETE FROM exception x WHERE x.order_id = ANY (ids);
    DELETE FROM parcel p WHERE p.order_id = ANY (ids);
    DELETE FROM named n WHERE n.order_id = ANY (ids);
    DELETE FROM orders o WHERE o.order_id = ANY (ids);
    DELETE FROM unnamed u WHERE (u.root_id, u.event_id) IN
        (SELECT f.root_id, f.event_id FROM unnamed f WHERE f.at < today - 30 ORDER BY f.at LIMIT 5000 FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS facts = ROW_COUNT;
    RETURN cardinality(ids) + facts;
END
$$;

-- As in 0020, with the topic of what was found, and what waits.
CREATE OR REPLACE VIEW story_v AS
SELECT root_id, at, 'order-tracker'::text AS service,
       fact_name(fact) || ' ' || (ARRAY['applied', 'came late', 'said nothing new'])[outcome + 1]
           || CASE WHEN notice_id IS NULL THEN '' ELSE ', notice ' || about || ' due' END AS what,
       CASE WHEN is_tracked THEN 'seadesk.parcels' ELSE 'seadesk.orders' END AS topic, number::integer AS partition, "offset", event_id, NULL::uuid AS caused_by
FROM event
UNION ALL
SELECT root_id, at, 'order-tracker', fact_name(fact) || ' waits for an order that names its tracking number', 'seadesk.parcels',
       number::integer, "offset", event_id, NULL
FROM unnamed;

RESET ROLE;
RESET search_path;
