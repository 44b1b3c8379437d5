-- SPDX-License-Identifier: Apache-2.0
-- Counts of packages and images of nested indexes are right when transactions meet; what was interrupted is counted.

INSERT INTO schema_version (version, min_reader_version) VALUES (12, 1);
