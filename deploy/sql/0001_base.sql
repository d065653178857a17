-- Roles, schemas, the shiftable clock, and the tables that the worker keeps in every service's schema.
-- The roles are made by `seadesk migrate` before this file, with the services' password.

CREATE SCHEMA clock;
-- One row: how far the deciding clock runs ahead of PostgreSQL's. Moved only outside production mode.
CREATE TABLE clock.shift (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    offset_ms bigint NOT NULL DEFAULT 0
);
INSERT INTO clock.shift DEFAULT VALUES;
CREATE FUNCTION clock.now_ms() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint + offset_ms FROM clock.shift
$$;
GRANT USAGE ON SCHEMA clock TO PUBLIC;
GRANT SELECT ON clock.shift TO PUBLIC;

DO $body$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['ingest', 'router', 'order_tracker', 'translator_gateway', 'sla_timer', 'notifier',
                                   'retention_purger', 'desk'] LOOP
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', service, 'seadesk_' || service);
        EXECUTE format('ALTER ROLE %I SET search_path = %I', 'seadesk_' || service, service);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', service);
        EXECUTE format('SET LOCAL ROLE %I', 'seadesk_' || service);
        EXECUTE format('SET LOCAL search_path = %I', service);

        -- One row per partition number (12: the privacy topic), for all topics of that number. `inputs` is the
        -- worker's own text: a line per topic with position, last offset and ce_id, then a line per sender with its
        -- incarnation and highest position (common/worker/sea_inputs.h).
        CREATE TABLE source (
            number      integer PRIMARY KEY CHECK (number BETWEEN 0 AND 12),
            epoch       bigint  NOT NULL DEFAULT 0,
            counter     bigint  NOT NULL DEFAULT 0,
            incarnation integer NOT NULL DEFAULT 1,
            inputs      text    NOT NULL DEFAULT '',
            updated_at  timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 1000);
        ALTER TABLE source ALTER COLUMN inputs SET STORAGE EXTERNAL;
        INSERT INTO source (number) SELECT generate_series(0, 12);

        -- One row per transaction and source row: its records, framed, in order (common/worker/sea_frame.h).
        CREATE TABLE outbox (
            number integer NOT NULL,
            base   bigint  NOT NULL, -- sd-pos of the first record
            count  integer NOT NULL,
            frame  bytea   NOT NULL,
            PRIMARY KEY (number, base)
        );
        ALTER TABLE outbox ALTER COLUMN frame SET STORAGE EXTERNAL;

        -- Ids of edge records that took effect; daily partitions, kept 8 days.
        CREATE TABLE seen (
            day date NOT NULL,
            id  uuid NOT NULL,
            PRIMARY KEY (id, day)
        ) PARTITION BY RANGE (day);

        -- Records that are valid but fail, and the later ones of their key, in order.
        CREATE TABLE parked (
            number   integer NOT NULL,
            topic    text    NOT NULL,
            key      text    NOT NULL,
            "offset" bigint  NOT NULL,
            is_cause boolean NOT NULL,            -- the one that failed; the others wait behind it
            is_released boolean NOT NULL DEFAULT false, -- by `seadesk replay`
            reason   text    NOT NULL,
            attempts integer NOT NULL DEFAULT 1,
            record   bytea   NOT NULL,            -- a frame of one record
            at       timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (number, topic, key, "offset")
        );
        RESET ROLE;
    END LOOP;
END
$body$;
RESET search_path;
