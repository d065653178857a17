-- Retention-purger: requests to forget people, who is forgotten, legal holds, proofs, and what expired.

SET LOCAL ROLE seadesk_retention_purger;
SET LOCAL search_path = retention_purger;

-- ── the guard, for every service that stores something of contacts ────────────────────────────────────────────────
-- Contacts that were forgotten; kept as long as a record from before could come.
CREATE TABLE erased (
    contact_key  bytea       PRIMARY KEY CHECK (octet_length(contact_key) = 16),
    at           timestamptz NOT NULL, -- of the shiftable clock: what happened before is dropped when it comes late
    destroyed_at timestamptz           -- of the real clock; NULL: the key still lives, for an instant
);

-- The advisory lock of a contact or customer.
CREATE FUNCTION lock_of(id bytea) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || encode(substring(id FROM 1 FOR 8), 'hex'))::bit(64)::bigint
$$;

-- To be called at the start of every transaction that stores something of contacts: until its end none of them is forgotten.
-- Returns those that were forgotten once, and when: events from before are dropped and counted, and the key that the
-- service holds is to be forgotten (sea_keys_forget) where that is less than a minute ago. In the instant between the mark
-- and the key's destruction it fails with 40001, as any transaction that must be repeated.
CREATE FUNCTION guard(contacts bytea[]) RETURNS TABLE (contact_key bytea, erased_at timestamptz, destroyed_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = retention_purger, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock_shared(lock_of(ordered.contact))
    FROM (SELECT DISTINCT contact FROM unnest(contacts) AS given (contact) ORDER BY contact) AS ordered;
    IF EXISTS (SELECT FROM erased e WHERE e.contact_key = ANY (contacts) AND e.destroyed_at IS NULL) THEN
        RAISE 'a contact is being erased' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN QUERY SELECT e.contact_key, e.at, e.destroyed_at FROM erased e WHERE e.contact_key = ANY (contacts);
END
$$;

-- ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE request (
    request_id     uuid        PRIMARY KEY,
    customer_id    uuid        NOT NULL,
    state          smallint    NOT NULL,              -- services/retention-purger/purge_core.h
    reason         text        NOT NULL DEFAULT '',   -- why it waits or why there was nothing to do
    requested_by   text        NOT NULL,              -- user or source
    requested_at   timestamptz NOT NULL,
    verified_at    timestamptz,                       -- of the shiftable clock, as requested_at and done_at
    contacts       bytea[]     NOT NULL DEFAULT '{}', -- empty again when done
    contact_count  integer     NOT NULL DEFAULT 0,
    marked_at      timestamptz,                       -- of the real clock, as destroyed_at
    destroyed_at   timestamptz,
    keys_destroyed integer     NOT NULL DEFAULT 0,
    answered       text[]      NOT NULL DEFAULT '{}', -- services that deleted their rows
    done_at        timestamptz,
    certificate    text,
    root_id        uuid        NOT NULL,
    cause_id       uuid        NOT NULL               -- of the record or step it stands at
);
CREATE INDEX request_open ON request (requested_at) WHERE state <> 5;
CREATE INDEX request_customer ON request (customer_id);

-- What each service did, store by store.
CREATE TABLE proof (
    request_id uuid   NOT NULL,
    service    text   NOT NULL,
    store      text   NOT NULL, -- as in retention.yaml
    rows       bigint NOT NULL,
    state      text   NOT NULL, -- deleted, unreadable, empty
    PRIMARY KEY (request_id, service, store)
);

-- The way of each request.
CREATE TABLE step (
    request_id uuid        NOT NULL,
    at         timestamptz NOT NULL,
    what       text        NOT NULL,
    "offset"   bigint,               -- of the record that was read
    event_id   uuid        NOT NULL, -- of the record that was read or made
    caused_by  uuid,
    root_id    uuid        NOT NULL,
    PRIMARY KEY (request_id, event_id)
);
CREATE INDEX step_root ON step (root_id);

-- Whose data must be kept for now, whatever they ask. Opened and released by the functions below.
CREATE TABLE hold (
    hold_id     uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    customer_id uuid        NOT NULL,
    basis       text        NOT NULL,
    author      text        NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    review_on   date        NOT NULL,
    released_at timestamptz
);
CREATE INDEX hold_open ON hold (customer_id) WHERE released_at IS NULL;

CREATE FUNCTION open_hold(customer uuid, basis text, author text, review_on date) RETURNS uuid
LANGUAGE plpgsql SET search_path = retention_purger, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(lock_of(uuid_send(customer)));
    IF EXISTS (SELECT FROM request r WHERE r.customer_id = customer AND r.state IN (3, 4)) THEN
        RAISE 'too late: this customer is being erased';
    END IF;
    INSERT INTO hold (customer_id, basis, author, review_on) VALUES (customer, basis, author, review_on)
        RETURNING hold_id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION release_hold(hold uuid) RETURNS boolean
LANGUAGE sql SET search_path = retention_purger, pg_temp AS $$
    UPDATE hold h SET released_at = now() WHERE h.hold_id = hold AND h.released_at IS NULL RETURNING true
$$;

-- ── expiry ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- One row per run that removed something, with its signed proof.
CREATE TABLE run (
    at          timestamptz NOT NULL,
    what        text        NOT NULL, -- expired, day_keys, wrapping_keys
    store       text        NOT NULL,
    count       bigint      NOT NULL,
    certificate text        NOT NULL
);
CREATE INDEX run_at ON run USING brin (at);

-- Calls <schema>.forget(today) of every owner who lets us: owners delete.
CREATE FUNCTION expire(today date) RETURNS TABLE (owner text, went bigint)
LANGUAGE plpgsql SET search_path = retention_purger, pg_temp AS $$
BEGIN
    FOR owner IN
        SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.proname = 'forget' AND pg_get_function_identity_arguments(p.oid) = 'today date'
          AND p.prorettype = 'bigint'::regtype AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1
    LOOP
        EXECUTE format('SELECT %I.forget($1)', owner) INTO went USING today;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Partitions by `gone` whose month is over and that are still there: retention-purger verifies.
CREATE FUNCTION overdue(today date) RETURNS TABLE (store text)
LANGUAGE sql STABLE SET search_path = retention_purger, pg_temp AS $$
    SELECT n.nspname || '.' || c.relname
    FROM pg_partitioned_table t JOIN pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = t.partattrs[0]
    JOIN pg_inherits i ON i.inhparent = t.partrelid JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attname = 'gone' AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9-]+)''\)')::date
          <= date_trunc('month', today)::date
$$;

-- ── views for others ──────────────────────────────────────────────────────────────────────────────────────────────
-- Requests: WHERE request_id = …
--   state        received verified grace running done held
--   stores       json: [{"store", "state", "rows"}], those that are known by now; also services not heard yet: {"store": "sla-timer",
--                "state": "waiting", "rows": 0}
--   certificate  JSON Web Signature (RFC 7515, EdDSA) of what was done; NULL until done
CREATE VIEW request_v AS
SELECT r.request_id, r.customer_id, 'erase'::text AS kind,
       (ARRAY['received', CASE WHEN r.reason = 'grace' THEN 'grace' ELSE 'verified' END,
              'running', 'running', 'done', 'held'])[r.state] AS state,
       r.reason, r.requested_at, r.done_at,
       (SELECT coalesce(json_agg(json_build_object('store', s.store, 'state', s.state, 'rows', s.rows) ORDER BY s.store),
                        '[]')
        FROM (SELECT p.store, p.state, p.rows FROM proof p WHERE p.request_id = r.request_id
              UNION ALL
              SELECT w.service, 'waiting', 0
              FROM unnest(ARRAY['desk', 'notifier', 'order-tracker', 'router', 'sla-timer', 'translator-gateway']) AS w (service)
              WHERE r.state = 4 AND w.service <> ALL (r.answered)) AS s) AS stores,
       r.certificate
FROM request r;

-- What retention-purger did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT root_id, at, 'retention-purger'::text AS service, what,
       CASE WHEN "offset" IS NULL THEN NULL ELSE 'seadesk.privacy'::text END AS topic,
       CASE WHEN "offset" IS NULL THEN NULL ELSE 0 END AS partition, "offset", event_id, caused_by
FROM step;

GRANT SELECT ON request_v, story_v TO seadesk_desk;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA retention_purger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard(bytea[]) TO seadesk_router, seadesk_order_tracker, seadesk_translator_gateway,
    seadesk_sla_timer, seadesk_notifier, seadesk_desk;
RESET ROLE;
RESET search_path;
