-- SPDX-License-Identifier: Apache-2.0
-- Totals over all repositories, as they are kept; what several of them have counts once, a blob with the largest size
-- that one of them counts. Platforms alone are counted anew, from an index of the images.
-- Columns: generation, body: the answer as JSON without its end, where its generation stands. One row.
WITH listed AS MATERIALIZED (
    SELECT count(*) AS repositories, coalesce(sum(r.tag_count), 0) AS tags
    FROM repository r
    WHERE r.deleted_at IS NULL
      AND (r.tag_count > 0 OR EXISTS (SELECT FROM repository_manifest h WHERE h.repository_id = r.id OFFSET 0))
),
shown AS (
    SELECT manifest_id, min(variants[1]) AS named_variant
    FROM repository_manifest
    WHERE "references" > attests AND unreadable IS NULL
    GROUP BY manifest_id
),
-- Where the configuration names no variant, the first of those that indexes name.
counted AS (
    SELECT m.os, m.architecture, coalesce(nullif(m.variant, ''), shown.named_variant) AS variant, count(*) AS images
    FROM shown
    JOIN manifest m ON m.id = shown.manifest_id
    WHERE m.kind = 'image' AND m.os <> '' AND m.architecture <> ''
    GROUP BY 1, 2, 3
),
-- Grouped by columns first: the text is made once for each, not for every image.
platform AS (
    SELECT concat_ws('/', os, architecture, variant) COLLATE "C" AS value, sum(images)::bigint AS images
    FROM counted
    GROUP BY 1
    ORDER BY 2 DESC, 1
    LIMIT 100
)
SELECT s.generation, (SELECT left(json_strip_nulls(row_to_json(o))::text, -1) FROM (
    SELECT l.repositories, l.tags, s.manifests, s.images, s.indexes, s.artifacts,
           (SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL)
               + (SELECT count(*) FROM tag WHERE manifest_id IS NULL) AS unreadable,
           (SELECT count(*) FROM repository_manifest WHERE "references" = 0) AS untagged,
           s.size,
           (SELECT json_build_object('since', to_char(d.day, 'YYYY-MM-DD'), 'size', least(greatest(s.size - d.size, -9223372036854775807), 9223372036854775807)::bigint)
            FROM (
-- include growth_since.sql
            ) since JOIN registry_day d ON d.day = since.day) AS growth,
           (SELECT coalesce(sum(pulls), 0) FROM repository WHERE deleted_at IS NULL) AS pulls,
           (SELECT coalesce(json_agg(row_to_json(platform)), '[]') FROM platform) AS platforms
    FROM listed l) o) AS body
FROM state s
