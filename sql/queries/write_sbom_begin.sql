-- SPDX-License-Identifier: Apache-2.0
-- What is left of documents whose reading was interrupted goes.
DELETE FROM sbom_staged;
