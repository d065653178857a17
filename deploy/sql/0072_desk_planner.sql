-- All of desk's statements are look-ups by key or bounded windows over other services' views: planned once, and no plan
-- made while the tables were empty may scan them when they are large.
ALTER ROLE seadesk_desk SET enable_seqscan = off;
ALTER ROLE seadesk_desk SET enable_hashjoin = off;
ALTER ROLE seadesk_desk SET enable_mergejoin = off;
ALTER ROLE seadesk_desk SET plan_cache_mode = force_generic_plan;
ALTER ROLE seadesk_desk SET jit = off;
