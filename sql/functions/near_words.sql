-- SPDX-License-Identifier: Apache-2.0
-- What indexes of repositories' names are made of.

-- Finds misspellings by an index: texts in which words are one edit apart (a character more, less, another,
-- or two swapped) have a key in common. The keys of a word: it itself, and it without one of its characters
-- if it has enough of them.
CREATE OR REPLACE FUNCTION near_keys(words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT CASE WHEN i = 0 THEN word ELSE left(word, i - 1) || substr(word, i + 1) END
                   FROM regexp_split_to_table(left(words, 500) COLLATE "C", '[^a-z0-9]+') AS word
                  CROSS JOIN generate_series(0, CASE WHEN length(word) BETWEEN 4 AND 33
                                                     THEN length(word) ELSE 0 END) AS i
                  WHERE word <> '');

-- The keys by which a repository is found: those of the words in its name and its title, and, because an edit may
-- put in or take away what separates the parts of its last component, that without separators (with its own edits
-- only if it is short: a longer one has a part that finds it), and each two neighbouring parts as one word.
CREATE OR REPLACE FUNCTION repository_keys(name text, title text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT near_keys(name || CASE WHEN length(whole) <= 12 THEN ' ' || whole ELSE '' END
                             || ' ' || coalesce(lower(title), ''))
                   || whole
                   || ARRAY(SELECT parts[i] || parts[i + 1] FROM generate_series(1, cardinality(parts) - 1) AS i)
              FROM (SELECT parts, array_to_string(parts, '') AS whole
                      FROM regexp_split_to_array(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+')
                           AS parts) AS last);

-- What stands before the last component of a repository's name: '' or "team/web/".
CREATE OR REPLACE FUNCTION namespace_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN left(name, length(name) - length(regexp_replace(name, '^.*/', '')));
