-- Sla-timer: one row per ticket with all its clocks, one per clock that another service asked for.
-- A new ticket costs one row, its answer one change; a change of a ticket that moves no clock costs nothing.

-- Every statement looks up rows by key over the arrays of a batch, or what is due by its index: no plan made while the
-- tables were empty may scan them when they are large.
ALTER ROLE seadesk_sla_timer SET enable_seqscan = off;
ALTER ROLE seadesk_sla_timer SET enable_hashjoin = off;
ALTER ROLE seadesk_sla_timer SET enable_mergejoin = off;
ALTER ROLE seadesk_sla_timer SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_sla_timer SET jit = off;

SET LOCAL ROLE seadesk_sla_timer;
SET LOCAL search_path = sla_timer;

-- Of each clock: state (seadesk.v1.ClockState, 0: there is none), when it is due, when it warns (NULL: it has, or doesn't),
-- and the policy of sla.yaml that set it (NULL: the market's pack).
CREATE TABLE ticket (
    ticket_id      uuid        PRIMARY KEY,
    home_key       bytea       NOT NULL,
    number         smallint    NOT NULL, -- partition number of the home key
    rev            integer     NOT NULL, -- of this row: a change holds only if it is still the one that was read
    version        bigint      NOT NULL, -- of the ticket, when a clock last changed by it
    market         text        NOT NULL,
    channel        text        NOT NULL,
    asked_at       timestamptz,          -- customer's message that the latest response clock counts from
    started_at     timestamptz,          -- when next_response was started: what was accepted before isn't its answer
    ack_state      smallint    NOT NULL,
    ack_due        timestamptz,
    ack_warn       timestamptz,
    ack_policy     text,
    first_state    smallint    NOT NULL,
    first_due      timestamptz,
    first_warn     timestamptz,
    first_policy   text,
    next_state     smallint    NOT NULL,
    next_due       timestamptz,
    next_warn      timestamptz,
    next_policy    text,
    resolution_state  smallint NOT NULL,
    resolution_due    timestamptz,
    resolution_warn   timestamptz,
    resolution_policy text,
    left_ms        bigint      NOT NULL, -- of the resolution clock while it is paused
    withdrawn      smallint    NOT NULL, -- bits by clock: breached, and later proved to have been met in time
    next_at        timestamptz,          -- the first moment at which a clock warns or is due
    gone           date,                 -- the day after which the row is forgotten
    created_at     timestamptz NOT NULL,
    root_id        uuid        NOT NULL, -- of the record that opened the ticket, as the three below
    cause_id       uuid        NOT NULL,
    "offset"       bigint      NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX ticket_due ON ticket (number, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ticket_root ON ticket (root_id);
CREATE INDEX ticket_gone ON ticket USING brin (gone);

-- Clocks that others asked for; a row lives until its clock has fired or was cancelled.
CREATE TABLE wish (
    owner    text        NOT NULL,
    key      bytea       NOT NULL, -- the owner's
    name     text        NOT NULL,
    topic_key text       NOT NULL, -- of the record that set it, and of those that tell of it
    number   smallint    NOT NULL,
    state    smallint    NOT NULL, -- running or warned
    due      timestamptz NOT NULL,
    warn     timestamptz,
    next_at  timestamptz NOT NULL,
    root_id  uuid        NOT NULL,
    cause_id uuid        NOT NULL,
    PRIMARY KEY (owner, key, name)
) WITH (fillfactor = 80);
CREATE INDEX wish_due ON wish (number, next_at);

-- Erasures whose keys may still be in some process's memory (common/erasure).
CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL,
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- seadesk.v1.ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

-- For retention-purger: forgets the clocks of tickets whose time is over, unless one still runs; how many went.
CREATE FUNCTION forget(today date) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = sla_timer, pg_temp AS $$
    WITH went AS (DELETE FROM ticket t WHERE t.gone < today AND t.next_at IS NULL RETURNING 1) SELECT count(*) FROM went
$$;
-- For retention-purger: rows of these contacts from before their erasure.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = sla_timer, pg_temp AS $$
    SELECT 'sla_timer.ticket', count(*) FROM ticket t WHERE t.home_key = ANY (contacts) AND t.created_at < before
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA sla_timer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;

-- ── views for others ──────────────────────────────────────────────────────────────────────────────────────────────
-- Clocks of tickets: WHERE ticket_id = …
--   state   running paused warned met breached cancelled
--   policy  id of sla.yaml's policy, else the market's code
CREATE VIEW clock_v AS
SELECT t.ticket_id, c.name, c.due AS due_at,
       (ARRAY['running', 'paused', 'warned', 'met', 'breached', 'cancelled'])[c.state] AS state,
       t.withdrawn & (1 << c.clock) <> 0 AS is_withdrawn, coalesce(c.policy, t.market) AS policy
FROM ticket t
CROSS JOIN LATERAL (VALUES
    (0, 'acknowledgement', t.ack_state, t.ack_due, t.ack_policy),
    (1, 'first_response', t.first_state, t.first_due, t.first_policy),
    (2, 'next_response', t.next_state, t.next_due, t.next_policy),
    (3, 'resolution', t.resolution_state, t.resolution_due, t.resolution_policy)) AS c (clock, name, state, due, policy)
WHERE c.state > 0;

-- What sla-timer did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT t.root_id, t.created_at AS at, 'sla-timer'::text AS service, 'clocks set'::text AS what,
       'seadesk.tickets'::text AS topic, t.number::integer AS partition, t."offset", t.cause_id AS event_id, NULL::uuid AS caused_by
FROM ticket t
UNION ALL
SELECT t.root_id, c.due, 'sla-timer', c.name || ' breached', NULL, NULL, NULL, t.cause_id, NULL
FROM ticket t
CROSS JOIN LATERAL (VALUES
    ('acknowledgement', t.ack_state, t.ack_due), ('first_response', t.first_state, t.first_due),
    ('next_response', t.next_state, t.next_due), ('resolution', t.resolution_state, t.resolution_due)) AS c (name, state, due)
WHERE c.state = 5;

GRANT SELECT ON clock_v, story_v TO seadesk_desk;
RESET ROLE;
RESET search_path;
