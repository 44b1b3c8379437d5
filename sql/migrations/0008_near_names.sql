-- SPDX-License-Identifier: Apache-2.0
-- Misspelled names are found by the parts of a name together, and by the name without what separates them.

CREATE FUNCTION repository_keys(name text, title text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT near_keys(name || CASE WHEN length(whole) <= 12 THEN ' ' || whole ELSE '' END
                             || ' ' || coalesce(lower(title), ''))
                   || whole
                   || ARRAY(SELECT parts[i] || parts[i + 1] FROM generate_series(1, cardinality(parts) - 1) AS i)
              FROM (SELECT parts, array_to_string(parts, '') AS whole
                      FROM regexp_split_to_array(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+')
                           AS parts) AS last);

CREATE INDEX repository_near_new ON repository USING gin (repository_keys(name, title));
CREATE INDEX repository_last_component ON repository (last_component);

-- The drop locks readers out until the commit: so it comes when the new indexes are built.
DROP INDEX repository_near;
ALTER INDEX repository_near_new RENAME TO repository_near;

INSERT INTO schema_version (version, min_reader_version) VALUES (8, 1);
