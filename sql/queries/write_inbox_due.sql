-- SPDX-License-Identifier: Apache-2.0
-- Repositories with events due now, pulls aside, oldest first. $1 limit: bigint.
-- Column: repository. Skips through inbox_repository: one step a repository, however many its events.
WITH RECURSIVE waiting (repository) AS (
    (SELECT repository FROM inbox WHERE action <> 'pull' ORDER BY repository LIMIT 1)
     UNION ALL
    SELECT (SELECT i.repository FROM inbox i
             WHERE i.action <> 'pull' AND i.repository > w.repository ORDER BY i.repository LIMIT 1)
      FROM waiting w WHERE w.repository IS NOT NULL
)
SELECT w.repository
  FROM waiting w
 CROSS JOIN LATERAL (SELECT i.not_before FROM inbox i
                      WHERE i.action <> 'pull' AND i.repository = w.repository AND i.not_before <= now()
                      ORDER BY i.not_before LIMIT 1) AS first
 WHERE w.repository IS NOT NULL
 ORDER BY first.not_before
 LIMIT $1::bigint;
