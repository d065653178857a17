-- Notifier: what was said to web-chat visitors, for their streams to read and to read again.
SET LOCAL ROLE seadesk_notifier;
SET LOCAL search_path = notifier;

-- A row is what acceptance means for web chat; seq gives a contact's rows their order, one process writes them.
CREATE TABLE chat (
    contact_key  bytea       NOT NULL,
    seq          bigint      GENERATED ALWAYS AS IDENTITY,
    id           uuid        NOT NULL, -- of the delivery; the event's id in the stream
    draft_id     uuid        NOT NULL, -- part of the text's place
    at           timestamptz NOT NULL,
    language     text        NOT NULL,
    agent        text        NOT NULL, -- name shown to customers, may be empty
    is_automatic boolean     NOT NULL,
    sealed       bytea       NOT NULL, -- the words, as in seadesk.outbound
    gone         date        NOT NULL, -- when it must be gone
    PRIMARY KEY (contact_key, seq)
);
CREATE INDEX chat_gone ON chat USING brin (gone);

CREATE OR REPLACE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = notifier, pg_temp AS $$
DECLARE
    went bigint := 0;
    n bigint;
BEGIN
    DELETE FROM delivery WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM delivery WHERE gone < today AND due_at IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM chat WHERE ctid = ANY (ARRAY(SELECT ctid FROM chat WHERE gone < today LIMIT 5000));
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

CREATE OR REPLACE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = notifier, pg_temp AS $$
    SELECT 'notifier.delivery', count(*) FROM delivery WHERE contact_key = ANY (contacts) AND created_at < before
    UNION ALL
    SELECT 'notifier.chat', count(*) FROM chat WHERE contact_key = ANY (contacts) AND at < before
    UNION ALL
    SELECT 'notifier.consent', count(*) FROM consent WHERE contact_key = ANY (contacts) AND at < before AND is_granted
    UNION ALL
    SELECT 'notifier.withdrawn', count(*) FROM withdrawn WHERE contact_key = ANY (contacts) AND at < before
$$;

RESET ROLE;
RESET search_path;
