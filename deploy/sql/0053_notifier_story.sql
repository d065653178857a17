-- A provider's times are whole seconds, and its own clock's: what became of a delivery is not told before the delivery.

SET LOCAL ROLE seadesk_notifier;
SET LOCAL search_path = notifier;

-- As in 0050, but for the second part's time.
CREATE OR REPLACE VIEW story_v AS
SELECT root_id, created_at AS at, 'notifier'::text AS service,
       'to be delivered by ' || channel || CASE rung WHEN 0 THEN '' ELSE ', next rung' END AS what,
       'seadesk.outbound'::text AS topic, number::int AS partition, "offset", cause_id AS event_id, NULL::uuid AS caused_by
FROM delivery
UNION ALL
SELECT root_id, greatest(at, created_at), 'notifier',
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
RESET ROLE;
RESET search_path;
