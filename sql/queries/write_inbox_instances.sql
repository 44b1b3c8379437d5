-- SPDX-License-Identifier: Apache-2.0
-- Registry instances that events name. $1 their ids: text[]. Rows affected: those never seen before.
INSERT INTO registry_instance (id)
SELECT DISTINCT left(i.id, 200)
  FROM unnest($1::text[]) AS i (id)
 WHERE i.id IS NOT NULL AND NOT EXISTS (SELECT FROM registry_instance r WHERE r.id = left(i.id, 200))
 ORDER BY 1
    ON CONFLICT (id) DO NOTHING;
