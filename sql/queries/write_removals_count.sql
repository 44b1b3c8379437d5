-- SPDX-License-Identifier: Apache-2.0
-- Columns: repositories and tags to be removed (tags with those of the repositories), all repositories
-- and tags.
SELECT (SELECT count(*) FROM held_removal WHERE tag = ''),
       (SELECT count(*) FROM held_removal h
         WHERE h.tag <> ''
           AND NOT EXISTS (SELECT FROM held_removal w WHERE w.repository = h.repository AND w.tag = ''))
           + (SELECT coalesce(sum(r.tag_count), 0)
                FROM held_removal h JOIN repository r ON r.name = h.repository
               WHERE h.tag = ''),
       (SELECT count(*) FROM repository WHERE deleted_at IS NULL),
       (SELECT coalesce(sum(tag_count), 0) FROM repository WHERE deleted_at IS NULL);
