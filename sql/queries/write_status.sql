-- SPDX-License-Identifier: Apache-2.0
-- What GET /status and the gauges show, always one row; times in ms since 1970. Columns: generation,
-- term, schema version, leader's host, pid, since; inbox (pulls aside): waiting, dead, age of the oldest
-- in seconds of those that name a known repository; last complete scan; last ended scan: id, complete,
-- repositories, tags, manifests, added, removed, unreadable, requests, started, ended; removals that wait:
-- repositories, tags, since; last collection: ended, manifests, in the registry, dry run; repositories, tags,
-- unreadable; is a scan wanted: did a registry instance appear, was something not read, or was a scan
-- interrupted, since the last complete scan began (while a scan runs it is one that has not ended: this column
-- is for the beginning of a term); inbox, of repositories that are not known: waiting, age of the oldest.
SELECT s.generation, s.term, (SELECT max(version) FROM schema_version), s.leader_host, s.leader_pid,
       (extract(epoch FROM s.leader_since) * 1000)::bigint,
       i.waiting, (SELECT count(*) FROM dead_letter), i.oldest_seconds,
       (extract(epoch FROM s.last_complete_scan) * 1000)::bigint,
       l.id, l.complete, l.repositories, l.tags, l.manifests, l.added, l.removed, l.unreadable, l.requests,
       (extract(epoch FROM l.started) * 1000)::bigint, (extract(epoch FROM l.ended) * 1000)::bigint,
       h.repositories, h.tags, h.since,
       (extract(epoch FROM c.ended) * 1000)::bigint, c.manifests, c.registry_manifests, c.dry_run,
       r.repositories, r.tags,
       (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
           + (SELECT count(*) FROM tag WHERE manifest_id IS NULL),
       EXISTS (SELECT FROM (SELECT first_seen AS at FROM registry_instance
                             UNION ALL
                            SELECT s.scan_wanted
                             UNION ALL
                            SELECT started FROM scan WHERE ended IS NULL) AS reason
                WHERE reason.at > coalesce((SELECT max(started) FROM scan WHERE complete), '-infinity')),
       i.unknown_waiting, i.unknown_oldest_seconds
  FROM state s
 CROSS JOIN (SELECT count(*) AS waiting, count(*) FILTER (WHERE NOT is_known) AS unknown_waiting,
                    coalesce(floor(extract(epoch FROM now() - min(received) FILTER (WHERE is_known))), 0)::bigint
                        AS oldest_seconds,
                    coalesce(floor(extract(epoch FROM now() - min(received) FILTER (WHERE NOT is_known))), 0)::bigint
                        AS unknown_oldest_seconds
               FROM (SELECT received,
                            EXISTS (SELECT FROM repository r
                                     WHERE r.name = inbox.repository AND r.deleted_at IS NULL) AS is_known
                       FROM inbox WHERE action <> 'pull') AS e) AS i
 CROSS JOIN (SELECT count(*) FILTER (WHERE tag = '') AS repositories,
                    count(*) FILTER (WHERE tag <> '') AS tags,
                    (extract(epoch FROM min(since)) * 1000)::bigint AS since FROM held_removal) AS h
 CROSS JOIN (SELECT count(*) AS repositories, coalesce(sum(tag_count), 0) AS tags
               FROM repository WHERE deleted_at IS NULL) AS r
  LEFT JOIN (SELECT * FROM scan WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1) AS l ON true
  LEFT JOIN (SELECT * FROM collection ORDER BY id DESC LIMIT 1) AS c ON true;
