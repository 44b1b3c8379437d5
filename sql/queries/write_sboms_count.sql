-- SPDX-License-Identifier: Apache-2.0
-- SBOM documents by state. Columns: state, how many. "waiting" counts manifests that may hold some.
SELECT state, count(*) FROM sbom GROUP BY state
 UNION ALL
SELECT 'waiting', count(*) FROM sbom_source WHERE NOT is_read;
