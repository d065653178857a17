-- Which topics a service reads. One that a later release adds to its list carries a number there; it is subscribed once
-- that number was raised here and every live slot runs code that knows it: members of one group that subscribe to
-- different topics would be given different partition numbers of them. A release that adds a topic raises the number:
-- UPDATE router.subscription SET version = 1.
DO $body$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['ingest', 'router', 'order_tracker', 'translator_gateway', 'sla_timer', 'notifier',
                                   'retention_purger', 'desk'] LOOP
        EXECUTE format('SET LOCAL ROLE %I', 'seadesk_' || service);
        EXECUTE format('SET LOCAL search_path = %I', service);
        CREATE TABLE subscription (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            version  integer NOT NULL DEFAULT 0
        );
        INSERT INTO subscription DEFAULT VALUES;
        -- What the process that has this slot, or had it last, knows.
        CREATE TABLE slot (
            slot  integer PRIMARY KEY,
            knows integer NOT NULL
        );
        RESET ROLE;
    END LOOP;
END
$body$;
RESET search_path;
