-- Sla-timer: the clocks of one person are found by key when they are erased; a ticket's home key never changes, so that
-- changes of a row stay on their page.
SET LOCAL ROLE seadesk_sla_timer;
SET LOCAL search_path = sla_timer;

CREATE INDEX ticket_home ON ticket (home_key);

RESET ROLE;
RESET search_path;
