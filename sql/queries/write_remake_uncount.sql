-- SPDX-License-Identifier: Apache-2.0
-- Making contents again, 3: repositories count them no longer. $1 digests: bytea[].
SELECT set_readable(h.repository_id, h.ids, array_fill('its content is made again'::text, ARRAY[cardinality(h.ids)]))
  FROM (SELECT h.repository_id, array_agg(m.id ORDER BY m.id) AS ids
          FROM manifest m JOIN repository_manifest h ON h.manifest_id = m.id
         WHERE m.digest = ANY ($1::bytea[]) AND h.unreadable IS NULL
         GROUP BY h.repository_id) AS h
 ORDER BY h.repository_id;
