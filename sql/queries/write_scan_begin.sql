-- SPDX-License-Identifier: Apache-2.0
-- A scan begins; one that never ended was interrupted. Column: id.
WITH interrupted AS (
    UPDATE scan SET ended = now(), error = 'interrupted' WHERE ended IS NULL
), running AS (
    UPDATE state SET scan_running = true
), forgotten AS (
    DELETE FROM scan_tag
)
INSERT INTO scan DEFAULT VALUES RETURNING id;
