-- Router: contacts and customers, tickets, messages, notices, agents. Texts and addresses stand only sealed
-- (common/privacy/sea_seal.h); what is looked up is a keyed hash.
-- Every message costs one row here and one change of its ticket; indexes are few, and no indexed column changes while a
-- ticket goes on, so that those changes stay on their page (HOT).

-- All of router's statements are look-ups by key over arrays of a batch: no plan made while the tables were empty may
-- scan them when they are large.
ALTER ROLE seadesk_router SET enable_seqscan = off;
ALTER ROLE seadesk_router SET enable_hashjoin = off;
ALTER ROLE seadesk_router SET enable_mergejoin = off;
ALTER ROLE seadesk_router SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_router SET jit = off;

SET LOCAL ROLE seadesk_router;
SET LOCAL search_path = router;

-- ── person ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- An address of a person on one channel account. A customer is the set of contacts with the same customer_id.
CREATE TABLE contact (
    contact_key     bytea       PRIMARY KEY,
    customer_id     uuid        NOT NULL,
    conversation_id uuid        NOT NULL,            -- one conversation per contact
    channel         text        NOT NULL,
    account         text        NOT NULL,
    market          text        NOT NULL,
    language        text        NOT NULL DEFAULT '', -- BCP 47; of the profile, else last seen for sure; '' = not known
    sealed          bytea,                           -- ContactBody under this contact's key; NULL: only a consent is known
    phone_hash      bytea,
    email_hash      bytea,
    is_service_refused    boolean NOT NULL DEFAULT false, -- STOP
    service_at            timestamptz,                    -- when the customer said so; the newest wins
    is_marketing_granted  boolean NOT NULL DEFAULT false,
    marketing_at          timestamptz,
    auto_since      timestamptz,                     -- automatic answers are counted from here for an hour
    auto_count      smallint    NOT NULL DEFAULT 0,
    profile_at      timestamptz,                     -- of channel crm: when the profile was true
    profile_hash    bytea,                           -- of channel crm: equal profiles change nothing
    created_at      timestamptz NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX contact_customer ON contact (customer_id);
CREATE INDEX contact_phone ON contact (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX contact_email ON contact (email_hash) WHERE email_hash IS NOT NULL;

-- The order in which things are said to a customer; the row appears with the first draft and is the customer's lock.
CREATE TABLE customer (
    customer_id uuid   PRIMARY KEY,
    seq         bigint NOT NULL -- of the newest draft
) WITH (fillfactor = 70);

-- ── case ──────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE ticket (
    ticket_id       uuid        PRIMARY KEY,
    home_key        bytea       NOT NULL,
    number          smallint    NOT NULL,            -- partition number of the home key
    version         bigint      NOT NULL,
    status          smallint    NOT NULL,            -- seadesk.v1.TicketStatus
    is_active       boolean     NOT NULL,            -- neither resolved nor closed
    market          text        NOT NULL,
    channel         text        NOT NULL,
    account         text        NOT NULL,
    language        text        NOT NULL DEFAULT '',
    is_language_sure boolean    NOT NULL DEFAULT false,
    priority        smallint    NOT NULL,            -- 0 … 1000
    queue           text        NOT NULL,
    assignee        text        NOT NULL DEFAULT '', -- user; of an offered one: to whom
    opened_at       timestamptz NOT NULL,
    order_ids       text[]      NOT NULL DEFAULT '{}',
    sealed_subject  bytea,                           -- UTF-8 under the home key
    tag_issue       text        NOT NULL DEFAULT '',
    tag_emotion     text        NOT NULL DEFAULT '',
    tag_version     text        NOT NULL DEFAULT '',
    tag_stage       text        NOT NULL DEFAULT '',
    asked_at        timestamptz,                     -- oldest unanswered message, provider's time
    asked_next_at   timestamptz,                     -- oldest message that came while a reply was on its way
    last_in_at      timestamptz,                     -- newest message
    replied_at      timestamptz,                     -- newest human reply drafted
    acknowledged_at timestamptz,
    answered_at     timestamptz,
    resolved_at     timestamptz,
    snoozed_until   timestamptz,
    root_id         uuid        NOT NULL,            -- edge event that opened it
    sort_at         timestamptz NOT NULL,            -- first answer wanted by then: order inside a priority
    due_at          timestamptz,                     -- offer runs out, snooze ends, resolved becomes closed
    gone            date        NOT NULL             -- month in which it must be gone, unless active
) WITH (fillfactor = 50); -- every one changes several times soon after it was made
CREATE INDEX ticket_home ON ticket (home_key, opened_at);
CREATE INDEX ticket_opened ON ticket (opened_at);
CREATE INDEX ticket_active ON ticket (number) WHERE is_active;
CREATE INDEX ticket_due ON ticket (number, due_at) WHERE due_at IS NOT NULL;

-- What came in, what went out, and notes. The id ends in the month (since 1970-01, 16 bits) in which the row must be gone, so
-- that an id alone finds its partition; a month is dropped when it begins.
CREATE TABLE message (
    message_id  uuid        NOT NULL,
    gone        date        NOT NULL,   -- first day of that month
    home_key    bytea       NOT NULL,   -- the ticket's; without a ticket the contact's own. All sealed here is under its key
    ticket_id   uuid,
    direction   smallint    NOT NULL,   -- 1 in, 2 out, 3 note
    kind        smallint    NOT NULL,   -- in: seadesk.v1.MessageKind; out: seadesk.v1.MessageClass
    language    text        NOT NULL DEFAULT '',
    sealed      bytea,                  -- MessageBody; NULL: a template's words, not yet sent
    sent_at     timestamptz NOT NULL,   -- provider's time; of ours: when it was written
    received_at timestamptz NOT NULL,
    routed_at   timestamptz NOT NULL,
    event_id    uuid        NOT NULL,   -- record that it came from
    root_id     uuid        NOT NULL,   -- edge event it all began with; of what came in the same as event_id
    topic       smallint    NOT NULL,   -- 0 none (a timer), 1 messages, 2 commands, 3 timelines, 4 deliveries
    number      smallint    NOT NULL,   -- partition and offset of the record in that topic
    "offset"    bigint,
    translation_state    smallint NOT NULL DEFAULT 0, -- 0 none, 1 pending, 2 done, 3 failed, 4 held
    translation_language text,
    translated           bytea,         -- UTF-8
    engine               text,
    is_machine           boolean,
    quality              real,
    -- of what goes out
    agent            text,              -- user; NULL: automatic
    draft_id         uuid,              -- the newest draft of it
    redraft          smallint,
    template         text,
    to_key           bytea,             -- first rung, then where it was last tried
    delivery_state   smallint,          -- seadesk.v1.DeliveryState
    delivery_version bigint,
    delivery_reason  text,
    delivery_rule    text,
    delivery_at      timestamptz,
    release_at       timestamptz,
    span_from        integer,
    span_to          integer,
    PRIMARY KEY (message_id, gone)
) PARTITION BY RANGE (gone);
ALTER TABLE message ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE message ALTER COLUMN translated SET STORAGE EXTERNAL;
CREATE INDEX message_home ON message (home_key);
CREATE INDEX message_root ON message (root_id);

CREATE FUNCTION gone_of(message_id uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (date '1970-01-01' + make_interval(months => ('x' || right(message_id::text, 4))::bit(16)::int))::date
$$;

-- Makes the partitions of these months that aren't there; true when one was made.
CREATE FUNCTION make_months(months date[]) RETURNS boolean LANGUAGE plpgsql SET search_path = router, pg_temp AS $$
DECLARE
    month date;
    made boolean := false;
BEGIN
    FOREACH month IN ARRAY months LOOP
        CONTINUE WHEN to_regclass('message_' || to_char(month, 'YYYYMM')) IS NOT NULL;
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF message FOR VALUES FROM (%L) TO (%L)'
                       ' WITH (fillfactor = 90)',
                       'message_' || to_char(month, 'YYYYMM'), month, (month + interval '1 month')::date);
        made := true;
    END LOOP;
    RETURN made;
END
$$;

-- For retention-purger, every day: forgets what must be gone by `today`: messages by month, what belongs to active tickets moved on first; then tickets,
-- their decisions, notices, orders and old outcomes of commands. Returns how many messages' months and rows went.
CREATE FUNCTION forget(today date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = router, pg_temp AS $$
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

-- Why a ticket is where it is.
CREATE TABLE decision (
    ticket_id uuid        NOT NULL,
    at        timestamptz NOT NULL,
    by        text        NOT NULL, -- router or a user
    what      text        NOT NULL,
    reason    text        NOT NULL,
    root_id   uuid        NOT NULL,
    event_id  uuid        NOT NULL,
    topic     text,                 -- NULL: a timer
    number    smallint    NOT NULL,
    "offset"  bigint
);
CREATE INDEX decision_ticket ON decision (ticket_id);
CREATE INDEX decision_root ON decision (root_id);

-- Outcomes, kept a day: a command that comes again is answered again.
CREATE TABLE command (
    command_id uuid        PRIMARY KEY,
    body_hash  bytea       NOT NULL,
    ticket_id  uuid,
    reason     text        NOT NULL, -- '' = done
    version    bigint      NOT NULL,
    at         timestamptz NOT NULL,
    root_id    uuid        NOT NULL,
    number     smallint    NOT NULL,
    "offset"   bigint
);
CREATE INDEX command_root ON command (root_id);

-- What router knows of an order: enough for an automatic answer and for linking.
CREATE TABLE known_order (
    order_id     text        PRIMARY KEY,
    crm_key      bytea,
    market       text        NOT NULL DEFAULT '',
    milestone    smallint    NOT NULL DEFAULT 0, -- seadesk.v1.Milestone
    milestone_at timestamptz,
    exception    smallint    NOT NULL DEFAULT 0, -- seadesk.v1.ExceptionClass that is open; 0 none
    reason       text        NOT NULL DEFAULT '',
    expected_at  timestamptz,
    since_at     timestamptz,
    version      bigint      NOT NULL DEFAULT 0,
    gone         date        NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX known_order_crm ON known_order (crm_key) WHERE crm_key IS NOT NULL;

-- The one notice about something that happened to an order; ready before its customer is known it waits here.
CREATE TABLE notice (
    order_id     text        NOT NULL,
    about        text        NOT NULL,
    parcel_id    text        NOT NULL,
    state        smallint    NOT NULL, -- 1 waits for the profile, 2 drafted, 3 customer unknown, 4 refused by the customer,
                                       -- 5 overtaken by newer news, 6 no channel, 7 expired
    number       smallint    NOT NULL,
    crm_key      bytea,
    collapse_key text        NOT NULL,
    at           timestamptz NOT NULL, -- when it happened
    message_id   uuid,
    draft_id     uuid,
    to_key       bytea,
    due_at       timestamptz,          -- of a waiting one: next look
    give_up_at   timestamptz,
    due          bytea,                -- of a waiting one: the NoticeDue
    root_id      uuid        NOT NULL,
    event_id     uuid        NOT NULL,
    "offset"     bigint,
    decided_at   timestamptz NOT NULL,
    gone         date        NOT NULL,
    PRIMARY KEY (order_id, about, parcel_id, at)
);
CREATE INDEX notice_due ON notice (number, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notice_root ON notice (root_id);
CREATE INDEX notice_crm ON notice (crm_key) WHERE crm_key IS NOT NULL;

-- ── dispatch ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE agent (
    agent       text        PRIMARY KEY, -- sign-in name
    name        text        NOT NULL DEFAULT '',
    state       smallint    NOT NULL,    -- 0 offline, 1 away, 2 online
    weight      integer     NOT NULL,    -- capacity
    limits      text        NOT NULL DEFAULT '', -- per channel: phone=1,chat=3
    load        integer     NOT NULL DEFAULT 0,  -- weight of what is offered and assigned to them
    counts      text        NOT NULL DEFAULT '', -- per channel, as limits
    lease_until timestamptz NOT NULL,    -- online and away end here without a further word
    version     bigint      NOT NULL     -- rises with every change
) WITH (fillfactor = 50);

-- ── privacy ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- Erasures whose keys may still be in some process's memory (common/erasure).
CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL,
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- seadesk.v1.ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

-- For retention-purger: rows of these contacts from before their erasure.
CREATE FUNCTION left_of(contacts bytea[], before timestamptz) RETURNS TABLE (store text, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = router, pg_temp AS $$
    SELECT 'router.contact', count(*) FROM contact WHERE contact_key = ANY (contacts) AND created_at < before
    UNION ALL
    SELECT 'router.ticket', count(*) FROM ticket WHERE home_key = ANY (contacts) AND opened_at < before
    UNION ALL
    SELECT 'router.message', count(*) FROM message WHERE home_key = ANY (contacts) AND routed_at < before
    UNION ALL
    SELECT 'router.notice', count(*) FROM notice WHERE crm_key = ANY (contacts) AND decided_at < before
$$;

-- ── views for others ──────────────────────────────────────────────────────────────────────────────────────────────
-- Sealed columns are opened with the key of the contact named beside them, at the place (router.TABLE, COLUMN, the row's id
-- as its 16 bytes).

-- Tickets. Look up by ticket_id, home_key, order by opened_at; a customer's: home_key IN (its contacts of customer_v).
--   status          open offered assigned waiting snoozed resolved closed
--   assignee        user; of an offered one to whom it is offered; '' = nobody
--   sealed_subject  the subject, else the first words, UTF-8, under home_key; place (router.ticket, sealed_subject,
--                   ticket_id); may be NULL
--   tag_*           of contract.md's tags
--   due_at          offer runs out, snooze ends, resolved becomes closed
CREATE VIEW ticket_v AS
SELECT t.ticket_id, t.version, t.home_key, t.number,
       (ARRAY['open', 'offered', 'assigned', 'waiting', 'snoozed', 'resolved', 'closed'])[t.status] AS status,
       t.is_active, t.market, t.channel, t.account, t.language, t.priority, t.queue, t.assignee, t.opened_at, t.order_ids,
       t.sealed_subject, t.tag_issue, t.tag_emotion, t.tag_version, t.tag_stage, t.asked_at, t.last_in_at,
       t.acknowledged_at, t.answered_at, t.resolved_at, t.snoozed_until, t.due_at, c.conversation_id, c.customer_id
FROM ticket t LEFT JOIN contact c ON c.contact_key = t.home_key;

-- Messages. Of a ticket: WHERE home_key = … AND ticket_id = … ORDER BY sent_at, routed_at, place (in the log: providers' times are
-- seconds). By a provider's id: with the event
-- id that ingest derives from it, WHERE root_id = … AND event_id = … AND direction = 'in'. By message_id alone:
-- WHERE message_id = … AND gone = router.gone_of(…).
--   direction    in out note
--   kind         in: number of seadesk.v1.MessageKind; out: of MessageClass
--   channel, account  of what goes out: where it was last tried
--   sealed       MessageBody (text, subject, external_id, attachments; of ours the text alone) under home_key; place
--                (router.message, sealed, message_id). NULL: a template whose words aren't known before they are sent
--   template     template id of a message made from one
--   translation_state  none pending done failed held; translated: UTF-8 under home_key, place (router.message, translated,
--                message_id). Of what goes out: the words as sent
--   delivery_*   NULL unless direction is out; delivery_state drafted held blocked queued accepted delivered read failed
--                dropped returned uncertain released
CREATE VIEW message_v AS
SELECT m.message_id, m.gone, m.event_id, m.root_id, (ARRAY['in', 'out', 'note'])[m.direction] AS direction, m.kind,
       COALESCE(d.channel, c.channel) AS channel, COALESCE(d.account, c.account) AS account, m.home_key, m.ticket_id,
       c.conversation_id, c.customer_id, c.market, m.language, m.sealed, m.template, m.agent,
       (ARRAY['none', 'pending', 'done', 'failed', 'held'])[m.translation_state + 1] AS translation_state,
       m.translation_language, m.translated, m.engine, m.is_machine, m.quality, m.sent_at, m.received_at, m.routed_at,
       m.draft_id, m.to_key,
       (ARRAY['drafted', 'held', 'blocked', 'queued', 'accepted', 'delivered', 'read', 'failed', 'dropped', 'returned',
              'uncertain', 'released'])[m.delivery_state] AS delivery_state,
       m.delivery_reason, m.delivery_rule, m.delivery_at, m.release_at, m.span_from, m.span_to, m."offset" AS place
FROM message m LEFT JOIN contact c ON c.contact_key = m.home_key LEFT JOIN contact d ON d.contact_key = m.to_key;

-- Decisions about a ticket: WHERE ticket_id = … ORDER BY at. `by`: router or a user.
CREATE VIEW decision_v AS SELECT ticket_id, at, by, what, reason FROM decision;

-- Contacts of customers: WHERE customer_id = … or contact_key = …
--   sealed   ContactBody under contact_key; place (router.contact, sealed, contact_key); may be NULL
--   channel  crm: the shop's own record, the only one with a tier
CREATE VIEW customer_v AS
SELECT customer_id, contact_key, conversation_id, channel, account, market, language, sealed, is_service_refused,
       is_marketing_granted, service_at, marketing_at, profile_at, created_at
FROM contact;

-- Agents. state: online away offline, and offline after lease_until. load and weight in weight units; limits and counts per
-- channel as text: phone=1,chat=3
CREATE VIEW agent_state_v AS
SELECT agent, name, (ARRAY['offline', 'away', 'online'])[state + 1] AS state, weight, limits, load, counts, lease_until
FROM agent;

-- Orders of customers: WHERE order_id = … or crm_key = …; tickets of an order: ticket_v.order_ids.
CREATE VIEW order_v AS
SELECT o.order_id, o.crm_key, o.market, o.milestone, o.milestone_at, o.exception, o.reason, o.expected_at, c.customer_id
FROM known_order o LEFT JOIN contact c ON c.contact_key = o.crm_key;

-- Notices of an order: WHERE order_id = …; the delivery stands in message_v under message_id.
--   state  waiting drafted unknown_customer refused overtaken no_channel expired
CREATE VIEW notice_v AS
SELECT order_id, about, parcel_id,
       (ARRAY['waiting', 'drafted', 'unknown_customer', 'refused', 'overtaken', 'no_channel', 'expired'])[state] AS state,
       at, message_id, event_id, decided_at
FROM notice;

-- What router did because of an edge event: WHERE root_id = … ORDER BY at. event_id: what the step made, else what it read.
CREATE VIEW story_v AS
SELECT root_id, routed_at AS at, 'router'::text AS service,
       CASE WHEN direction = 1 THEN 'message recorded' WHEN direction = 3 THEN 'note recorded'
            ELSE 'message drafted' END || CASE WHEN template IS NULL THEN '' ELSE ': ' || template END AS what,
       (ARRAY['seadesk.messages', 'seadesk.commands', 'seadesk.timelines', 'seadesk.deliveries'])[topic] AS topic,
       number::int AS partition, "offset", CASE WHEN direction = 2 THEN draft_id ELSE event_id END AS event_id,
       CASE WHEN direction = 2 THEN event_id END AS caused_by
FROM message
UNION ALL
SELECT root_id, at, 'router', what || ': ' || reason, topic, number::int, "offset", event_id, NULL FROM decision
UNION ALL
SELECT root_id, at, 'router', CASE reason WHEN '' THEN 'command done' ELSE 'command refused: ' || reason END,
       'seadesk.commands', number::int, "offset", command_id, NULL
FROM command
UNION ALL
SELECT root_id, decided_at, 'router',
       'notice ' || about || ': ' ||
       (ARRAY['waits for the profile', 'drafted', 'customer unknown', 'refused by the customer', 'overtaken by newer news',
              'no channel', 'expired'])[state],
       'seadesk.timelines', number::int, "offset", event_id, NULL
FROM notice;

GRANT SELECT ON ticket_v, message_v, decision_v, customer_v, agent_state_v, order_v, notice_v, story_v TO seadesk_desk;
GRANT EXECUTE ON FUNCTION gone_of(uuid) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION make_months(date[]), forget(date), left_of(bytea[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget(date), left_of(bytea[], timestamptz) TO seadesk_retention_purger;
RESET ROLE;
RESET search_path;
