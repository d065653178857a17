-- The key store, a database of its own (seadesk_keys) that isn't in the main dump. Keys of contacts and of days lie here wrapped
-- by wrapping keys, and those wrapped by the master key, which no database holds. Services reach them by functions alone.
-- The roles are made by `seadesk migrate` before this file.

CREATE SCHEMA keys;
REVOKE ALL ON SCHEMA keys FROM PUBLIC;
SET search_path = keys;

CREATE TABLE wrapping_key (
    id           integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wrapped      bytea,                              -- NULL once destroyed
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- The key of a contact; destroyed, what it sealed is unreadable for ever, and the next text starts a new generation.
CREATE TABLE contact_key (
    contact      bytea       NOT NULL CHECK (octet_length(contact) = 16),
    generation   integer     NOT NULL CHECK (generation > 0),
    wrapping_id  integer     NOT NULL REFERENCES wrapping_key,
    wrapped      bytea,                              -- NULL once destroyed
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (contact, generation),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX contact_key_wrapping ON contact_key (wrapping_id) WHERE destroyed_at IS NULL;

-- The key of a day, for those who seal before it is known whose text it is: `intake` what ingest puts on the topics, `dead`
-- the dead letters.
CREATE TABLE day_key (
    purpose      text        NOT NULL CHECK (purpose IN ('intake', 'dead')),
    day          integer     NOT NULL,               -- days since 1970-01-01, UTC
    wrapping_id  integer     NOT NULL REFERENCES wrapping_key,
    wrapped      bytea,                              -- NULL once destroyed
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (purpose, day),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- The wrapping keys that still open something, the newest first: with it new keys are wrapped.
CREATE FUNCTION wrappings() RETURNS TABLE (id integer, wrapped bytea, age_s bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    SELECT id, wrapped, extract(epoch FROM now() - created_at)::bigint
    FROM wrapping_key WHERE destroyed_at IS NULL ORDER BY id DESC
$$;

-- Adds a wrapping key unless one younger than `least_age_s` is there; in any case returns those that are alive.
CREATE FUNCTION add_wrapping(candidate bytea, least_age_s bigint)
RETURNS TABLE (id integer, wrapped bytea, age_s bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
BEGIN
    LOCK TABLE wrapping_key IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO wrapping_key (wrapped)
        SELECT candidate WHERE NOT EXISTS (
            SELECT FROM wrapping_key w
            WHERE w.destroyed_at IS NULL AND w.created_at > now() - make_interval(secs => least_age_s));
    RETURN QUERY SELECT * FROM wrappings();
END $$;

-- Raised where a caller wraps with a key that was retired meanwhile: it fetches the new one and comes again.
CREATE FUNCTION hold_wrapping(wrapping integer) RETURNS void
LANGUAGE plpgsql SET search_path = keys, pg_temp AS $$
BEGIN
    PERFORM FROM wrapping_key w WHERE w.id = wrapping AND w.destroyed_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE 'wrapping key % is no longer in use', wrapping USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;

-- The current key of each contact. Where there is none, or it was destroyed, the candidate beside it becomes it.
CREATE FUNCTION ensure(contacts bytea[], candidates bytea[], wrapping integer)
RETURNS TABLE (contact bytea, generation integer, wrapped bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (
        SELECT FROM unnest(contacts) AS given (contact)
        WHERE NOT EXISTS (SELECT FROM contact_key k WHERE k.contact = given.contact AND k.destroyed_at IS NULL)
    ) THEN
        PERFORM hold_wrapping(wrapping);
        INSERT INTO contact_key (contact, generation, wrapping_id, wrapped)
            SELECT given.contact, coalesce(latest.generation, 0) + 1, wrapping, given.candidate
            FROM (SELECT DISTINCT ON (1) * FROM unnest(contacts, candidates)) AS given (contact, candidate)
            LEFT JOIN LATERAL (
                SELECT k.generation, k.destroyed_at FROM contact_key k
                WHERE k.contact = given.contact ORDER BY k.generation DESC LIMIT 1
            ) AS latest ON true
            WHERE latest.generation IS NULL OR latest.destroyed_at IS NOT NULL
            ORDER BY given.contact
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN QUERY
        SELECT DISTINCT ON (k.contact) k.contact, k.generation, k.wrapped
        FROM contact_key k WHERE k.contact = ANY (contacts) AND k.destroyed_at IS NULL
        ORDER BY k.contact, k.generation DESC;
END $$;

-- A row per contact and generation, in the order given; NULL where the key was destroyed or never was.
CREATE FUNCTION open(contacts bytea[], generations integer[]) RETURNS TABLE (n bigint, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    SELECT given.n, k.wrapped
    FROM unnest(contacts, generations) WITH ORDINALITY AS given (contact, generation, n)
    LEFT JOIN contact_key k USING (contact, generation)
$$;

-- The day keys of the last 40 days and those to come, destroyed ones with NULL; days without one get their candidate.
CREATE FUNCTION days(wanted text, given_days integer[], candidates bytea[], wrapping integer)
RETURNS TABLE (day integer, wrapped bytea)
LANGUAGE plpgsql SET search_path = keys, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (
        SELECT FROM unnest(given_days) AS given (day)
        WHERE NOT EXISTS (SELECT FROM day_key k WHERE k.purpose = wanted AND k.day = given.day)
    ) THEN
        PERFORM hold_wrapping(wrapping);
        INSERT INTO day_key (purpose, day, wrapping_id, wrapped)
            SELECT wanted, given.day, wrapping, given.candidate
            FROM unnest(given_days, candidates) AS given (day, candidate) ORDER BY given.day
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN QUERY
        SELECT k.day, k.wrapped FROM day_key k
        WHERE k.purpose = wanted AND k.day > extract(epoch FROM now())::bigint / 86400 - 40 ORDER BY k.day;
END $$;

CREATE FUNCTION intake_days(given_days integer[], candidates bytea[], wrapping integer)
RETURNS TABLE (day integer, wrapped bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    SELECT * FROM days('intake', given_days, candidates, wrapping)
$$;

CREATE FUNCTION dead_days(given_days integer[], candidates bytea[], wrapping integer)
RETURNS TABLE (day integer, wrapped bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    SELECT * FROM days('dead', given_days, candidates, wrapping)
$$;

-- Destroys every key of the contacts; returns how many there were.
CREATE FUNCTION destroy(contacts bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
DECLARE
    destroyed integer;
BEGIN
    UPDATE contact_key SET wrapped = NULL, destroyed_at = now()
        WHERE contact = ANY (contacts) AND destroyed_at IS NULL;
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    RETURN destroyed;
END $$;

-- Destroys the day keys before `day`; returns how many there were.
CREATE FUNCTION destroy_days(wanted text, before_day integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
DECLARE
    destroyed integer;
BEGIN
    UPDATE day_key SET wrapped = NULL, destroyed_at = now()
        WHERE purpose = wanted AND day < before_day AND destroyed_at IS NULL;
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    RETURN destroyed;
END $$;

-- Some keys that aren't wrapped with the newest wrapping key yet: of contacts, then of days.
CREATE FUNCTION stale(newest integer, most integer)
RETURNS TABLE (contact bytea, generation integer, purpose text, day integer, wrapping_id integer, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    (SELECT contact, generation, NULL::text, NULL::integer, wrapping_id, wrapped
     FROM contact_key WHERE wrapping_id <> newest AND destroyed_at IS NULL LIMIT most)
    UNION ALL
    (SELECT NULL, NULL, purpose, day, wrapping_id, wrapped
     FROM day_key WHERE wrapping_id <> newest AND destroyed_at IS NULL LIMIT most)
$$;

-- Puts rewrapped keys in their place, unless they were destroyed meanwhile.
CREATE FUNCTION rewrap(contacts bytea[], generations integer[], wrappeds bytea[], newest integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
BEGIN
    PERFORM hold_wrapping(newest);
    UPDATE contact_key k SET wrapping_id = newest, wrapped = given.wrapped
        FROM unnest(contacts, generations, wrappeds) AS given (contact, generation, wrapped)
        WHERE k.contact = given.contact AND k.generation = given.generation AND k.destroyed_at IS NULL;
END $$;

CREATE FUNCTION rewrap_days(purposes text[], given_days integer[], wrappeds bytea[], newest integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
BEGIN
    PERFORM hold_wrapping(newest);
    UPDATE day_key k SET wrapping_id = newest, wrapped = given.wrapped
        FROM unnest(purposes, given_days, wrappeds) AS given (purpose, day, wrapped)
        WHERE k.purpose = given.purpose AND k.day = given.day AND k.destroyed_at IS NULL;
END $$;

-- Destroys the wrapping keys that open nothing any more; returns how many.
CREATE FUNCTION retire_wrappings() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = keys, pg_temp AS $$
DECLARE
    retired integer;
BEGIN
    LOCK TABLE wrapping_key IN EXCLUSIVE MODE; -- waits for everybody who holds a wrapping key (hold_wrapping)
    UPDATE wrapping_key w SET wrapped = NULL, destroyed_at = now()
        WHERE w.destroyed_at IS NULL AND w.id < (SELECT max(id) FROM wrapping_key)
          AND NOT EXISTS (SELECT FROM contact_key k WHERE k.wrapping_id = w.id AND k.destroyed_at IS NULL)
          AND NOT EXISTS (SELECT FROM day_key k WHERE k.wrapping_id = w.id AND k.destroyed_at IS NULL);
    GET DIAGNOSTICS retired = ROW_COUNT;
    RETURN retired;
END $$;

-- Who may call what.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA keys FROM PUBLIC;
GRANT USAGE ON SCHEMA keys TO seadesk_ingest, seadesk_router, seadesk_order_tracker, seadesk_translator_gateway,
    seadesk_sla_timer, seadesk_notifier, seadesk_retention_purger, seadesk_desk;
GRANT EXECUTE ON FUNCTION wrappings, add_wrapping, dead_days TO seadesk_ingest, seadesk_router, seadesk_order_tracker,
    seadesk_translator_gateway, seadesk_sla_timer, seadesk_notifier, seadesk_retention_purger, seadesk_desk;
GRANT EXECUTE ON FUNCTION intake_days TO seadesk_ingest, seadesk_router;
GRANT EXECUTE ON FUNCTION ensure, open TO seadesk_router, seadesk_order_tracker, seadesk_translator_gateway,
    seadesk_notifier, seadesk_retention_purger, seadesk_desk;
GRANT EXECUTE ON FUNCTION destroy, destroy_days, stale, rewrap, rewrap_days, retire_wrappings TO seadesk_retention_purger;
RESET search_path;
