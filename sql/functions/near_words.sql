-- SPDX-License-Identifier: Apache-2.0
-- What finds misspellings by an index.

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
