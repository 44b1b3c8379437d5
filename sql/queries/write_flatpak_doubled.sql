-- SPDX-License-Identifier: Apache-2.0
-- How many Flatpak refs more than one repository offers. One row.
SELECT doubled_flatpak_refs();
