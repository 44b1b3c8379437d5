-- SPDX-License-Identifier: Apache-2.0
-- Counts images that have become live, or no longer are. $1 term bigint, $2 after this image bigint, $3 at most bigint,
-- $4 the generation for which all were looked at (nothing is done when it is still that one): bigint.
-- One row: the last image looked at, 0 when there are no more; the generation.
SELECT CASE WHEN generation = $4::bigint THEN 0
            ELSE coalesce(recount_packages($1::bigint, $2::bigint, $3::bigint), 0) END, generation
  FROM state;
