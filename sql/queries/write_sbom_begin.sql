-- SPDX-License-Identifier: Apache-2.0
-- What is left of documents whose reading was interrupted goes.
WITH materials AS (DELETE FROM material_staged) DELETE FROM sbom_staged;
