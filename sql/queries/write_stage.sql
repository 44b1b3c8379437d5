-- SPDX-License-Identifier: Apache-2.0
-- Tags that a scan found changed, until one apply takes all of the repository. $1 repository: text.
-- Arrays, one element a tag: $2 names text[], $3 digests bytea[], $4 why unreadable text[].
INSERT INTO scan_tag (repository, name, digest, unreadable)
SELECT DISTINCT ON (t.name) $1::text, t.name, t.digest, t.unreadable
  FROM unnest($2::text[], $3::bytea[], $4::text[]) WITH ORDINALITY AS t (name, digest, unreadable, place)
 ORDER BY t.name, t.place DESC
    ON CONFLICT (repository, name) DO UPDATE
   SET digest = excluded.digest, unreadable = excluded.unreadable;
