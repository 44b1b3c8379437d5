-- SPDX-License-Identifier: Apache-2.0
-- Totals over all repositories; what several of them have counts once, a blob with the largest size that
-- one of them counts.
-- Columns: generation, body: the answer as JSON without its end, where its generation stands. One row.
WITH held AS MATERIALIZED (
    SELECT h.manifest_id, bool_or(h."references" > 0) AS is_live,
           bool_or(h."references" > h.attests) AS is_shown,
           -- where the configuration names none, the first of those that indexes name
           min(h.variants[1]) AS named_variant
    FROM repository_manifest h
    GROUP BY h.manifest_id
),
-- An attestation may look like an image, but no index lists it as one.
live AS MATERIALIZED (
    SELECT m.size, m.os, m.architecture, coalesce(nullif(m.variant, ''), held.named_variant) AS variant,
           CASE WHEN m.kind <> 'image' OR held.is_shown THEN m.kind ELSE 'attestation' END AS kind
    FROM held
    JOIN manifest m ON m.id = held.manifest_id
    WHERE held.is_live
),
platform AS (
    SELECT concat_ws('/', os, architecture, nullif(variant, '')) COLLATE "C" AS value, count(*) AS images
    FROM live
    WHERE kind = 'image' AND os <> '' AND architecture <> ''
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT 100
)
SELECT s.generation, (SELECT left(row_to_json(o)::text, -1) FROM (
    SELECT (SELECT count(*) FROM repository r
            WHERE r.deleted_at IS NULL
              AND (EXISTS (SELECT FROM tag t WHERE t.repository_id = r.id)
                   OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id)))
               AS repositories,
           (SELECT count(*) FROM tag) AS tags,
           (SELECT count(*) FROM held) AS manifests,
           (SELECT count(*) FROM live WHERE kind = 'image') AS images,
           (SELECT count(*) FROM live WHERE kind = 'index') AS indexes,
           (SELECT count(*) FROM held JOIN manifest m ON m.id = held.manifest_id
            WHERE m.kind = 'artifact') AS artifacts,
           (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
               + (SELECT count(*) FROM tag WHERE manifest_id IS NULL) AS unreadable,
           (SELECT count(*) FROM repository_manifest WHERE "references" = 0) AS untagged,
           (SELECT coalesce(sum(size), 0) FROM live)
               + (SELECT coalesce(sum(b.size), 0)
                  FROM (SELECT max(size) AS size FROM repository_blob GROUP BY blob_id) b) AS size,
           (SELECT coalesce(sum(pulls), 0) FROM repository WHERE deleted_at IS NULL) AS pulls,
           (SELECT coalesce(json_agg(row_to_json(platform)), '[]') FROM platform) AS platforms) o) AS body
FROM state s
