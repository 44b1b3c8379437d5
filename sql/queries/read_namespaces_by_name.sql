-- SPDX-License-Identifier: Apache-2.0
-- /api/v1/namespaces: the next name components below a prefix, by name.
-- $1 number and $2 text of the cursor: bigint, text; NULL: from the end of the list
-- $3 rows on a page: bigint    $4 walk against the statement's own order: boolean
-- $5 the rows walked are to be shown in reverse: boolean    $6 count all rows: boolean
-- $7 the prefix, empty or with its slash: text
-- Columns: generation, place, found, has_more, number, text, body: see reader/api/rest_list.h.
--
-- size is the sum of the repositories' sizes: a blob that several of them have counts in each.
WITH
-- include namespaces_listed.sql
numbered AS NOT MATERIALIZED (
    SELECT listed.*, 0::bigint AS number FROM listed
),
-- include walk_by_number.sql
-- include namespaces_shown.sql
