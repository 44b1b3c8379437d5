-- SPDX-License-Identifier: Apache-2.0
-- Repositories with events due now, pulls aside: those of the last events to come, the last one first (0);
-- those with events never looked at, in order of their names (1); those with events to be looked at again,
-- the longest due first (2). One may come several times. $1 fresh ones after this name only: text, $2 limit
-- of each kind: bigint. Columns: repository, kind. A step through an index a row, however many events wait.
WITH RECURSIVE latest AS (
    SELECT repository, row_number() OVER (ORDER BY max(id) DESC) AS place
      FROM (SELECT id, repository, not_before FROM inbox
             WHERE action <> 'pull' ORDER BY id DESC LIMIT 4 * $2::bigint) AS last_come
     WHERE not_before <= now()
     GROUP BY repository
     ORDER BY place
     LIMIT $2::bigint
), fresh (repository, place) AS (
    (SELECT repository, 1 FROM inbox
      WHERE action <> 'pull' AND attempts = 0 AND repository > $1::text
      ORDER BY repository LIMIT 1)
     UNION ALL
    SELECT next.repository, f.place + 1
      FROM fresh f
     CROSS JOIN LATERAL (SELECT i.repository FROM inbox i
                          WHERE i.action <> 'pull' AND i.attempts = 0 AND i.repository > f.repository
                          ORDER BY i.repository LIMIT 1) AS next
     WHERE f.place < $2::bigint
), again (not_before, repository, place) AS (
    (SELECT not_before, repository, 1 FROM inbox
      WHERE action <> 'pull' AND attempts > 0 AND not_before <= now()
      ORDER BY not_before, repository LIMIT 1)
     UNION ALL
    SELECT next.not_before, next.repository, a.place + 1
      FROM again a
     CROSS JOIN LATERAL (SELECT i.not_before, i.repository FROM inbox i
                          WHERE i.action <> 'pull' AND i.attempts > 0 AND i.not_before <= now()
                            AND (i.not_before, i.repository) > (a.not_before, a.repository)
                          ORDER BY i.not_before, i.repository LIMIT 1) AS next
     WHERE a.place < $2::bigint
)
SELECT repository, kind
  FROM (SELECT repository, 0 AS kind, place FROM latest
         UNION ALL
        SELECT repository, 1, place FROM fresh
         UNION ALL
        SELECT repository, 2, place FROM again) AS due
 ORDER BY kind, place;
