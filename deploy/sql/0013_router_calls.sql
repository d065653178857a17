-- Router: telephone calls, each of one ticket, under its caller's contact.

SET LOCAL ROLE seadesk_router;
SET LOCAL search_path = router;

CREATE TABLE call (
    call_id        uuid        PRIMARY KEY,        -- keyed hash of the line and the phone system's id
    home_key       bytea       NOT NULL,           -- the caller's; of one whose number wasn't told the call's own
    ticket_id      uuid,                           -- NULL: a call of ours, of long ago, or a recording that waits for its call
    version        bigint      NOT NULL,           -- rises with every change
    is_outbound    boolean     NOT NULL,
    outcome        smallint    NOT NULL,           -- seadesk.v1.CallOutcome; 0 = it goes on
    rings          integer     NOT NULL,
    started_at     timestamptz,
    answered_at    timestamptz,
    ended_at       timestamptz,
    agent          text        NOT NULL,           -- user, as the phone system names them
    sealed         bytea,                          -- reference of the recording, UTF-8 under home_key
    created_at     timestamptz NOT NULL,
    recording_gone date        NOT NULL,           -- month in which the reference must be gone
    gone           date        NOT NULL            -- month in which the row must be gone, with its ticket
);
CREATE INDEX call_ticket ON call (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX call_home ON call (home_key);

-- As in 0010, and calls.
CREATE OR REPLACE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = router, pg_temp AS $$
DECLARE
    this_month date := date_trunc('month', today)::date;
    partition text;
    month date;
    went bigint := 0;
    n bigint;
BEGIN
    FOR partition, month IN
        SELECT c.relname, to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'message'::regclass AND right(c.relname, 6) <= to_char(this_month, 'YYYYMM') ORDER BY 1
    LOOP
        PERFORM make_months(ARRAY[(this_month + interval '1 month')::date]);
        UPDATE message m SET gone = (this_month + interval '1 month')::date FROM ticket t
        WHERE m.gone = month AND t.ticket_id = m.ticket_id AND t.is_active;
        EXECUTE format('DROP TABLE %I', partition);
        went := went + 1;
    END LOOP;
    DELETE FROM decision d USING ticket t WHERE t.ticket_id = d.ticket_id AND NOT t.is_active AND t.gone <= this_month;
    DELETE FROM ticket t WHERE NOT t.is_active AND t.gone <= this_month;
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    UPDATE call SET sealed = NULL WHERE recording_gone <= this_month AND sealed IS NOT NULL;
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM call c WHERE gone <= this_month AND NOT EXISTS (SELECT FROM ticket t WHERE t.ticket_id = c.ticket_id);
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM notice WHERE gone <= this_month;
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM known_order WHERE gone <= this_month;
    GET DIAGNOSTICS n = ROW_COUNT;
    went := went + n;
    DELETE FROM command WHERE at < today - interval '1 day';
    RETURN went;
END
$$;

CREATE OR REPLACE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = router, pg_temp AS $$
    SELECT 'router.contact', count(*) FROM contact WHERE contact_key = ANY (contacts) AND created_at < before
    UNION ALL
    SELECT 'router.ticket', count(*) FROM ticket WHERE home_key = ANY (contacts) AND opened_at < before
    UNION ALL
    SELECT 'router.message', count(*) FROM message WHERE home_key = ANY (contacts) AND routed_at < before
    UNION ALL
    SELECT 'router.call', count(*) FROM call WHERE home_key = ANY (contacts) AND created_at < before
    UNION ALL
    SELECT 'router.notice', count(*) FROM notice WHERE crm_key = ANY (contacts) AND decided_at < before
$$;

-- Calls: WHERE ticket_id = … or home_key = …
--   outcome  answered missed busy voicemail failed; NULL while it goes on
--   sealed   reference of the recording, UTF-8 under home_key; place (router.call, sealed, call_id); may be NULL
CREATE VIEW call_v AS
SELECT call_id, home_key, ticket_id, CASE WHEN is_outbound THEN 'outbound' ELSE 'inbound' END AS direction,
       (ARRAY['answered', 'missed', 'busy', 'voicemail', 'failed'])[outcome] AS outcome,
       rings, started_at, answered_at, ended_at, agent, sealed, created_at
FROM call;
GRANT SELECT ON call_v TO seadesk_desk;

-- seadesk.calls is read from here on.
UPDATE subscription SET version = 1;
RESET ROLE;
RESET search_path;
