-- SPDX-License-Identifier: Apache-2.0
-- Staged tags keep what is known of their manifests, the collection publishes last, and retention goes by the clock.

DROP FUNCTION IF EXISTS forget_sboms_of(bigint[]);
DROP FUNCTION event_slot(integer);

INSERT INTO schema_version (version, min_reader_version) VALUES (9, 1);
