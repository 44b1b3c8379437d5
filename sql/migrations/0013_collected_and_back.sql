-- SPDX-License-Identifier: Apache-2.0
-- Documents about an image that was collected and came back are read again. Those that were read about an image that is
-- not there any more, or came later than they did, and that said nothing since, are looked at again within an hour.

UPDATE sbom_source s SET is_read = false, not_before = now() + random() * interval '1 hour', attempts = 12
 WHERE s.is_read
   AND NOT EXISTS (SELECT FROM sbom b WHERE b.manifest_id = s.manifest_id AND b.about = s.about)
   AND NOT EXISTS (SELECT FROM manifest i WHERE i.digest = s.about AND i.first_seen <= s.not_before);
COMMENT ON COLUMN sbom_source.is_read IS 'All its documents were read or refused; looked at again only when their image was collected';

-- Dead letters that lead nowhere go after 30 days.
COMMENT ON TABLE dead_letter IS 'Events that can never be applied, with the reason; listed and put back by --dead-letters. Those that lead nowhere go after 30 days (prune())';

-- It takes where to go on, and tells it.
DROP FUNCTION IF EXISTS collect_manifests(interval, bigint);

-- Events of blobs are not kept any more; those that wait since schema 1 are no pulls of manifests.
DELETE FROM inbox WHERE is_blob AND action = 'pull';
COMMENT ON COLUMN inbox.is_blob IS 'False: events of blobs are not kept';

INSERT INTO schema_version (version, min_reader_version) VALUES (13, 1);
