-- Notifier: deliveries, the consent ledger, what was taken back.

-- All statements are look-ups by key over arrays of a batch: no plan made while the tables were empty may scan them.
ALTER ROLE seadesk_notifier SET enable_seqscan = off;
ALTER ROLE seadesk_notifier SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_notifier SET jit = off;

SET LOCAL ROLE seadesk_notifier;
SET LOCAL search_path = notifier;

-- One rung of a draft on its way to one contact; the attempt that providers' receipts name. A delivered one costs one
-- insert and two or three updates, of which those after acceptance change no indexed column (HOT).
CREATE TABLE delivery (
    id            uuid        PRIMARY KEY,           -- derived from the draft and the rung; goes out as the attempt's id
    number        smallint    NOT NULL,              -- partition number of the contact key
    state         smallint    NOT NULL,              -- services/notifier/notify_lattice.h
    version       integer     NOT NULL,              -- events told so far
    tries         smallint    NOT NULL DEFAULT 0,
    rung          smallint    NOT NULL,
    redraft       smallint    NOT NULL,
    class         smallint    NOT NULL,              -- common/market/sea_market.h
    is_automatic  boolean     NOT NULL,
    contact_key   bytea       NOT NULL,
    home_key      bytea       NOT NULL,
    customer_id   uuid        NOT NULL,
    seq           bigint      NOT NULL,
    draft_id      uuid        NOT NULL,
    message_id    uuid        NOT NULL,
    ticket_id     uuid,
    channel       text        NOT NULL,
    account       text        NOT NULL,
    collapse_key  text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',   -- of the state; of a bounded set, or the provider's code
    due_at        timestamptz,                       -- of open ones: when to look again; NULL: nothing is left to do
    release_at    timestamptz,                       -- of held ones, as told
    provider_hash bytea,                             -- of the provider's message id
    outbound      bytea,                             -- the record, its texts sealed; while open, and until delivered where
                                                     -- a further rung could follow
    event_id      uuid        NOT NULL,              -- newest record it made, else the one it came from
    cause_id      uuid        NOT NULL,              -- the record it came from, and its place
    root_id       uuid        NOT NULL,
    "offset"      bigint      NOT NULL,              -- also the order of a contact's messages
    trace         text        NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    at            timestamptz NOT NULL,              -- of the state, as told
    gone          date        NOT NULL               -- when it must be gone
) WITH (fillfactor = 60);
ALTER TABLE delivery ALTER COLUMN outbound SET STORAGE EXTERNAL;
CREATE INDEX delivery_contact ON delivery (contact_key, "offset");
CREATE INDEX delivery_customer ON delivery (customer_id, seq);
CREATE INDEX delivery_root ON delivery (root_id);
CREATE INDEX delivery_due ON delivery (number, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_provider ON delivery (provider_hash) WHERE provider_hash IS NOT NULL;
CREATE INDEX delivery_gone ON delivery USING brin (gone);

-- The ledger: what a contact allowed or refused, when, and how we know. Only added to; the newest word counts, and of two of
-- the same instant the refusal.
CREATE TABLE consent (
    contact_key bytea       NOT NULL,
    class       smallint    NOT NULL,              -- seadesk.v1.ConsentClass
    at          timestamptz NOT NULL,              -- when the customer said so
    is_granted  boolean     NOT NULL,
    source      smallint    NOT NULL,              -- seadesk.v1.ConsentSource
    channel     text        NOT NULL,
    account     text        NOT NULL,
    proof       text        NOT NULL DEFAULT '',
    cause_id    uuid        NOT NULL,
    root_id     uuid        NOT NULL,
    number      smallint    NOT NULL,
    "offset"    bigint      NOT NULL,
    heard_at    timestamptz NOT NULL,
    gone        date        NOT NULL,              -- when it must be gone, unless it is a refusal that still holds
    PRIMARY KEY (contact_key, class, at, cause_id)
);
CREATE INDEX consent_root ON consent (root_id);
CREATE INDEX consent_gone ON consent USING brin (gone);

-- What router took back, kept until nothing drafted before can come any more.
CREATE TABLE withdrawn (
    contact_key  bytea       NOT NULL,
    draft_id     uuid        NOT NULL, -- nil: by collapse key
    collapse_key text        NOT NULL, -- '': by draft
    reason       text        NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (contact_key, draft_id, collapse_key)
);
CREATE INDEX withdrawn_at ON withdrawn USING brin (at);

-- Erasures carried out; the proof goes out when no cached key can be left.
CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL, -- of the record
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

-- For retention-purger: forgets what must be gone, some thousands a call; how many went.
CREATE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = notifier, pg_temp AS $$
DECLARE
    went bigint := 0;
    n bigint;
BEGIN
    DELETE FROM delivery WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM delivery WHERE gone < today AND due_at IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM withdrawn WHERE ctid = ANY (ARRAY(SELECT ctid FROM withdrawn WHERE at < today - interval '8 days' LIMIT 5000));
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM consent WHERE ctid = ANY (ARRAY(
        SELECT c.ctid FROM consent c WHERE c.gone < today AND (c.is_granted OR EXISTS (
            SELECT FROM consent newer WHERE newer.contact_key = c.contact_key AND newer.class = c.class AND newer.at > c.at))
        LIMIT 5000));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN went + n;
END
$$;

-- For retention-purger: rows of these contacts from before their erasure. Refusals stay: they name nobody, and keep us from
-- writing again.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = notifier, pg_temp AS $$
    SELECT 'notifier.delivery', count(*) FROM delivery WHERE contact_key = ANY (contacts) AND created_at < before
    UNION ALL
    SELECT 'notifier.consent', count(*) FROM consent WHERE contact_key = ANY (contacts) AND at < before AND is_granted
    UNION ALL
    SELECT 'notifier.withdrawn', count(*) FROM withdrawn WHERE contact_key = ANY (contacts) AND at < before
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA notifier FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;

-- Where outgoing messages stand: WHERE draft_id = … is not indexed, WHERE id = … (the attempt), root_id or contact_key are.
--   state   held queued accepted delivered read failed dropped returned uncertain
CREATE VIEW delivery_v AS
SELECT id, draft_id, message_id, ticket_id, contact_key, customer_id, rung, channel, account,
       (ARRAY['queued', 'held', 'queued', 'uncertain', 'accepted', 'delivered', 'read', 'failed', 'dropped', 'returned'])[state]
           AS state,
       reason, release_at, tries, at, root_id
FROM delivery;

-- What holds for a contact now: WHERE contact_key = …
--   class   service marketing recording
CREATE VIEW consent_v AS
SELECT DISTINCT ON (contact_key, class) contact_key, channel, account,
       (ARRAY['service', 'marketing', 'recording'])[class] AS class, is_granted, at,
       (ARRAY['provider', 'company', 'word', 'agent'])[source] AS source, proof
FROM consent ORDER BY contact_key, class, at DESC, is_granted;

-- What notifier did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT root_id, created_at AS at, 'notifier'::text AS service,
       'to be delivered by ' || channel || CASE rung WHEN 0 THEN '' ELSE ', next rung' END AS what,
       'seadesk.outbound'::text AS topic, number::int AS partition, "offset", cause_id AS event_id, NULL::uuid AS caused_by
FROM delivery
UNION ALL
SELECT root_id, at, 'notifier',
       (ARRAY['queued', 'held', 'sending', 'uncertain', 'accepted', 'delivered', 'read', 'failed', 'dropped', 'returned'])[state]
           || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END
           || CASE WHEN release_at IS NULL THEN '' ELSE ', until ' || to_char(release_at AT TIME ZONE 'UTC',
                                                                             'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
       NULL, NULL, NULL, event_id, cause_id
FROM delivery
UNION ALL
SELECT root_id, heard_at, 'notifier',
       'consent ' || CASE WHEN is_granted THEN 'granted: ' ELSE 'refused: ' END
           || (ARRAY['service', 'marketing', 'recording'])[class],
       'seadesk.consents', number::int, "offset", cause_id, NULL
FROM consent;

GRANT SELECT ON delivery_v, consent_v, story_v TO seadesk_desk;

RESET ROLE;
RESET search_path;
