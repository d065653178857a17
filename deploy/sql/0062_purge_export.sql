-- Requests to hand over what is kept of a person: they wait for nothing but the person's contacts.

SET LOCAL ROLE seadesk_retention_purger;
SET LOCAL search_path = retention_purger;

ALTER TABLE request ADD COLUMN kind text NOT NULL DEFAULT 'erase' CHECK (kind IN ('erase', 'export'));

-- As in 0060, and with the kind that was asked for. An export is done as soon as its person is known; it has neither
-- stores nor a certificate.
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
              FROM unnest(ARRAY['desk', 'notifier', 'order-tracker', 'router', 'sla-timer', 'translator-gateway']) AS w (service)
              WHERE r.state = 4 AND w.service <> ALL (r.answered)) AS s) AS stores,
       r.certificate
FROM request r;
RESET ROLE;
RESET search_path;
