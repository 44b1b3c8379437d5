-- SPDX-License-Identifier: Apache-2.0
-- /index/icons/<hash>: the icon, a data URI, whose SHA-256 this is.
-- $1 64 lower-case hexadecimal digits: text
-- Columns: generation, value (NULL: no label holds it). One row.
SELECT s.generation, l.value
FROM state s
LEFT JOIN LATERAL (SELECT value FROM label
                   WHERE icon_hash(value) = decode($1::text, 'hex')
                     AND key IN ('org.freedesktop.appstream.icon-64', 'org.freedesktop.appstream.icon-128')
                     AND value LIKE 'data:image/%'
                   LIMIT 1) l ON true
