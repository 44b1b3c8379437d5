-- SPDX-License-Identifier: Apache-2.0
-- What indexes of repositories' names are made of.

-- Finds misspellings by an index: texts in which words are one edit apart (a character more, less, another,
-- or two swapped) have a key in common. The keys of a word: it itself, and it without one of its characters
-- if it has enough of them.
-- In plpgsql: a query in a function in SQL would be planned anew by every statement that calls it.
CREATE OR REPLACE FUNCTION near_keys(words text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    v_keys text[] := '{}';
    v_word text;
BEGIN
    FOREACH v_word IN ARRAY regexp_split_to_array(left(words, 500) COLLATE "C", '[^a-z0-9]+') LOOP
        CONTINUE WHEN v_word = '';
        v_keys := v_keys || v_word;
        FOR i IN 1 .. CASE WHEN length(v_word) BETWEEN 4 AND 33 THEN length(v_word) ELSE 0 END LOOP
            v_keys := v_keys || (left(v_word, i - 1) || substr(v_word, i + 1));
        END LOOP;
    END LOOP;
    RETURN v_keys;
END $$;

-- The last component of a name without what separates its parts.
CREATE OR REPLACE FUNCTION joined_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+', '', 'g');

-- Each two neighbouring parts of a name's last component as one word.
CREATE OR REPLACE FUNCTION neighbours_of_name(name text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    v_parts text[] := regexp_split_to_array(left(regexp_replace(name, '^.*/', ''), 200) COLLATE "C", '[^a-z0-9]+');
    v_keys text[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(v_parts) - 1 LOOP
        v_keys := v_keys || (v_parts[i] || v_parts[i + 1]);
    END LOOP;
    RETURN v_keys;
END $$;

-- The keys by which a repository is found: those of the words in its name and its title, and, because an edit may
-- put in or take away what separates the parts of its last component, that without separators (with its own edits
-- only if it is short: a longer one has a part that finds it), and each two neighbouring parts as one word.
-- An index is made of it. In SQL, which finds the functions below it when it is made: pg_restore, autovacuum and roles
-- with another search_path call it.
CREATE OR REPLACE FUNCTION repository_keys(name text, title text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN near_keys(name || CASE WHEN length(joined_name(name)) <= 12 THEN ' ' || joined_name(name) ELSE '' END
                     || ' ' || coalesce(lower(title), ''))
           || joined_name(name) || neighbours_of_name(name);

-- What stands before the last component of a repository's name: '' or "team/web/".
CREATE OR REPLACE FUNCTION namespace_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN left(name, length(name) - length(regexp_replace(name, '^.*/', '')));
