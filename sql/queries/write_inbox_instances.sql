-- SPDX-License-Identifier: Apache-2.0
-- Registry instances that events name. $1 their ids: text[]. A row for each that gives reason for a scan:
-- it was never seen before. The first ones of all give none when a scan runs or has just run: its own
-- requests announced them, and they count as seen when it began, so that this scan, once it is complete,
-- covers them. One that comes after them is a registry that restarted.
WITH first_scan AS (
    SELECT max(started) AS started FROM scan
     WHERE (ended IS NULL OR complete AND ended > now() - interval '1 minute')
       AND NOT EXISTS (SELECT FROM registry_instance)
), added AS (
    INSERT INTO registry_instance (id, first_seen)
    SELECT DISTINCT left(i.id, 200), coalesce(s.started, now())
      FROM unnest($1::text[]) AS i (id) CROSS JOIN first_scan s
     WHERE i.id IS NOT NULL
       AND NOT EXISTS (SELECT FROM registry_instance r WHERE r.id = left(i.id, 200))
     ORDER BY 1
        ON CONFLICT (id) DO NOTHING
    RETURNING id, first_seen
)
SELECT id FROM added WHERE first_seen = now();
