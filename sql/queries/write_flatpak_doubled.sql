-- SPDX-License-Identifier: Apache-2.0
-- Counts the Flatpak refs that more than one repository offers, and keeps the count for the pages. One row.
WITH counted AS MATERIALIZED (
    SELECT doubled_flatpak_refs() AS number
), kept AS (
    UPDATE state SET doubled_refs = number FROM counted WHERE doubled_refs <> number
)
SELECT number FROM counted
