-- SPDX-License-Identifier: Apache-2.0
-- Repositories with events due now, pulls aside: those with events never looked at, in order of their
-- names, then those with events to be looked at again, the longest due first (one may come several
-- times). $1 fresh ones after this name only: text, $2 limit of each kind: bigint.
-- Columns: repository, is it fresh. A step through inbox_fresh or inbox_again a row, however many events wait.
WITH RECURSIVE fresh (repository, place) AS (
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
SELECT repository, is_fresh
  FROM (SELECT repository, true AS is_fresh, place FROM fresh
         UNION ALL
        SELECT repository, false, place FROM again) AS due
 ORDER BY is_fresh DESC, place;
