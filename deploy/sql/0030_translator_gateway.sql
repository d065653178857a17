-- Translator-gateway: drafts and foreign messages that passed, and the translation memory.

ALTER ROLE seadesk_translator_gateway SET enable_seqscan = off;
ALTER ROLE seadesk_translator_gateway SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_translator_gateway SET jit = off;

SET LOCAL ROLE seadesk_translator_gateway;
SET LOCAL search_path = translator_gateway;

-- One per draft and per foreign message. What needs no engine is written once, finished; what does waits here with its
-- record, and a finished one keeps neither text nor contact.
CREATE TABLE work (
    cause_id    uuid        PRIMARY KEY,           -- ce_id of the draft's or message's record
    root_id     uuid        NOT NULL,
    number      smallint    NOT NULL,
    kind        smallint    NOT NULL,              -- 1 draft, 2 foreign message
    state       smallint    NOT NULL,              -- services/translator-gateway/xlate_core.h
    "offset"    bigint      NOT NULL,              -- also the order of a key's work
    key         bytea,                             -- of the record; NULL when finished
    contact_key bytea,                             -- whose words they are; NULL when finished
    tries       smallint    NOT NULL DEFAULT 0,
    due_at      timestamptz,                       -- NULL: finished
    record      bytea,                             -- Draft or TranslationWanted, sealed as it came; NULL when finished
    trace       text        NOT NULL DEFAULT '',
    engine      text        NOT NULL DEFAULT '',
    reason      text        NOT NULL DEFAULT '',   -- rule that blocked, or why it went untranslated
    event_id    uuid,                              -- what it made
    at          timestamptz NOT NULL               -- of the state
) WITH (fillfactor = 80);
ALTER TABLE work ALTER COLUMN record SET STORAGE EXTERNAL;
CREATE INDEX work_root ON work (root_id);
CREATE INDEX work_due ON work (number, "offset") WHERE due_at IS NOT NULL;
CREATE INDEX work_at ON work USING brin (at);

-- Translations of templates and of agents' masked words: no word of a customer is kept here.
CREATE TABLE tm (
    hash   bytea       PRIMARY KEY, -- keyed, of languages and masked text
    text   text        NOT NULL,
    engine text        NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX tm_at ON tm USING brin (at);

-- Erasures carried out; the proof goes out when no cached key can be left.
CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL, -- of the record
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

-- For retention-purger: forgets finished work after a week and translations after half a year, some thousands a call; how
-- many went.
CREATE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = translator_gateway, pg_temp AS $$
DECLARE
    went bigint := 0;
    n bigint;
BEGIN
    DELETE FROM work WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM work WHERE at < today - interval '7 days' AND due_at IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM tm WHERE ctid = ANY (ARRAY(SELECT ctid FROM tm WHERE at < today - interval '180 days' LIMIT 5000));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN went + n;
END
$$;

-- For retention-purger: work of these contacts from before their erasure; finished work names nobody.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = translator_gateway, pg_temp AS $$
    SELECT 'translator_gateway.work', count(*) FROM work WHERE contact_key = ANY (contacts) AND at < before
$$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA translator_gateway FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;

-- What translator-gateway did because of an edge event: WHERE root_id = … ORDER BY at.
CREATE VIEW story_v AS
SELECT root_id, at, 'translator-gateway'::text AS service,
       (ARRAY['draft', 'foreign message'])[kind] || ' '
           || (ARRAY['waits for the engine', 'passed as written', 'rendered', 'translated', 'passed untranslated', 'blocked',
                     'not translated, will be tried again', 'not translated', 'dropped'])[state]
           || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END AS what,
       (ARRAY['seadesk.drafts', 'seadesk.foreign'])[kind] AS topic, number::int AS partition, "offset", event_id,
       cause_id AS caused_by
FROM work;

GRANT SELECT ON story_v TO seadesk_desk;

RESET ROLE;
RESET search_path;
