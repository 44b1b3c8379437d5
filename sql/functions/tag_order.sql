-- SPDX-License-Identifier: Apache-2.0
-- What tags are put in order by.

-- A name whose bytes are in the order in which people count: 10 behind 9. Numbers have zeros before them, 20 digits
-- at least. An index holds what this gives: another result needs that index made anew.
CREATE OR REPLACE FUNCTION tag_version(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(m[1] || CASE WHEN m[2] = '' THEN '' ELSE lpad(m[2], greatest(length(m[2]), 20), '0') END,
                              '' ORDER BY n)
              FROM regexp_matches(name COLLATE "C", '(\D*)(\d*)', 'g') WITH ORDINALITY AS p (m, n)) COLLATE "C";
