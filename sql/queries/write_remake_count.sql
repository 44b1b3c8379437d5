-- SPDX-License-Identifier: Apache-2.0
-- Making contents again, the last step, after they were stored as new ones are: the repositories that showed
-- them count them again, and say what they say now. $1 digests: bytea[].
SELECT set_readable(h.repository_id, h.ids, array_fill(NULL::text, ARRAY[cardinality(h.ids)])),
       refresh_repository(h.repository_id)
  FROM (SELECT h.repository_id, array_agg(m.id ORDER BY m.id) AS ids
          FROM manifest m JOIN repository_manifest h ON h.manifest_id = m.id
         WHERE m.digest = ANY ($1::bytea[]) AND h.unreadable = 'its content is made again'
         GROUP BY h.repository_id) AS h
 ORDER BY h.repository_id;
