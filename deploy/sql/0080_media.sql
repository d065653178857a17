-- Media-fetcher: the files that messages bring. Its schema is made as the others' in 0001 and 0003.

CREATE SCHEMA media_fetcher AUTHORIZATION seadesk_media_fetcher;
GRANT USAGE ON SCHEMA media_fetcher TO PUBLIC;
ALTER ROLE seadesk_media_fetcher SET search_path = media_fetcher;
ALTER ROLE seadesk_media_fetcher SET enable_seqscan = off;
ALTER ROLE seadesk_media_fetcher SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_media_fetcher SET jit = off;

DO $body$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['source', 'outbox', 'parked', 'subscription', 'slot', 'erasure'] LOOP
        EXECUTE format('CREATE TABLE media_fetcher.%1$I (LIKE sla_timer.%1$I INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE media_fetcher.%I OWNER TO seadesk_media_fetcher', name);
    END LOOP;
END
$body$;
ALTER TABLE media_fetcher.source SET (fillfactor = 20, autovacuum_vacuum_threshold = 1000);
CREATE TABLE media_fetcher.seen (LIKE sla_timer.seen INCLUDING ALL) PARTITION BY RANGE (day);
ALTER TABLE media_fetcher.seen OWNER TO seadesk_media_fetcher;

SET LOCAL ROLE seadesk_media_fetcher;
SET LOCAL search_path = media_fetcher;

INSERT INTO source (number) SELECT generate_series(0, 12);
INSERT INTO subscription DEFAULT VALUES;

-- One per attachment of a message.
CREATE TABLE item (
    item_id     uuid        PRIMARY KEY,           -- derived from event_id and index
    event_id    uuid        NOT NULL,              -- of the message
    index       smallint    NOT NULL,              -- in the message
    number      smallint    NOT NULL,
    "offset"    bigint      NOT NULL,
    contact_key bytea       NOT NULL CHECK (octet_length(contact_key) = 16),
    channel     text        NOT NULL,
    account     text        NOT NULL,
    state       smallint    NOT NULL,              -- services/media-fetcher/media_core.h
    reason      text        NOT NULL DEFAULT '',   -- of the last try
    tries       smallint    NOT NULL DEFAULT 0,
    due_at      timestamptz,                       -- NULL: finished
    source      bytea,                             -- where it is, sealed; NULL when finished
    mime        text        NOT NULL DEFAULT '',   -- as found in its bytes
    size        bigint      NOT NULL DEFAULT 0,
    sha256      bytea,
    at          timestamptz NOT NULL,              -- of the state
    gone        date        NOT NULL               -- as its conversation
);
CREATE INDEX item_event ON item (event_id);
-- By time alone: the oldest due is found without sorting all that are, which are many after an outage.
CREATE INDEX item_due ON item (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX item_contact ON item (contact_key);
CREATE INDEX item_gone ON item (gone);

-- The bytes of those that are done, a MiB in each, sealed.
CREATE TABLE part (
    item_id uuid     NOT NULL REFERENCES item ON DELETE CASCADE,
    part    smallint NOT NULL,
    sealed  bytea    NOT NULL,
    PRIMARY KEY (item_id, part)
);
ALTER TABLE part ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- For retention-purger: forgets the files of conversations that are over, fifty a call (of at most 32 MiB: within a statement's
-- time); how many went.
CREATE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = media_fetcher, pg_temp AS $$
DECLARE
    went bigint;
BEGIN
    DELETE FROM item WHERE item_id = ANY (ARRAY(
        SELECT item_id FROM item WHERE gone <= today LIMIT 50 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS went = ROW_COUNT;
    RETURN went;
END
$$;

-- For retention-purger: files of these contacts from before their erasure.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = media_fetcher, pg_temp AS $$
    SELECT 'media_fetcher.item', count(*) FROM item WHERE contact_key = ANY (contacts) AND at < before
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA media_fetcher FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;

-- Where the attachments of a message stand: WHERE event_id = …; one without a row is still to be found.
CREATE VIEW item_v AS
SELECT item_id, event_id, index, contact_key, (ARRAY['pending', 'done', 'failed', 'refused'])[state] AS state, reason, mime,
       size, at
FROM item;
-- The bytes of one that is done: WHERE item_id = … ORDER BY part.
CREATE VIEW part_v AS SELECT item_id, part, sealed FROM part;

-- What media-fetcher did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT event_id AS root_id, at, 'media-fetcher'::text AS service,
       'attachment ' || index
           || (ARRAY[' waits to be fetched', ' fetched', ' can''t be fetched', ' not taken'])[state]
           || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END AS what,
       'seadesk.messages'::text AS topic, number::int AS partition, "offset", NULL::uuid AS event_id,
       event_id AS caused_by
FROM item;

GRANT SELECT ON item_v, part_v, story_v TO seadesk_desk;
-- Day keys die when their readers are past that day.
GRANT SELECT ON source, parked TO seadesk_retention_purger;
RESET ROLE;

SET LOCAL ROLE seadesk_retention_purger;
SET LOCAL search_path = retention_purger;
GRANT EXECUTE ON FUNCTION guard(bytea[]) TO seadesk_media_fetcher;

-- As in 0062, with media-fetcher among the services that answer.
CREATE OR REPLACE VIEW request_v AS
SELECT r.request_id, r.customer_id, r.kind,
       (ARRAY['received', CASE WHEN r.reason = 'grace' THEN 'grace' ELSE 'verified' END,
              'running', 'running', 'done', 'held'])[r.state] AS state,
       r.reason, r.requested_at, r.done_at,
       (SELECT coalesce(json_agg(json_build_object('store', s.store, 'state', s.state, 'rows', s.rows) ORDER BY s.store),
                        '[]')
        FROM (SELECT p.store, p.state, p.rows FROM proof p WHERE p.request_id = r.request_id
              UNION ALL
              SELECT w.service, 'waiting', 0
              FROM unnest(ARRAY['desk', 'media-fetcher', 'notifier', 'order-tracker', 'router', 'sla-timer',
                                'translator-gateway']) AS w (service)
              WHERE r.state = 4 AND w.service <> ALL (r.answered)) AS s) AS stores,
       r.certificate
FROM request r;
RESET ROLE;
RESET search_path;
