-- SPDX-License-Identifier: Apache-2.0
-- What images are built on, and what artifacts are to what they are attached to. Both are filled by the writer, out of
-- what is stored, while it works.

CREATE TABLE image_chain (
    manifest_id bigint NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    depth       smallint NOT NULL,
    chain       bytea NOT NULL,
    is_whole    boolean NOT NULL,
    PRIMARY KEY (manifest_id, depth)
);
CREATE INDEX image_chain_whole ON image_chain (chain, manifest_id) WHERE is_whole;
CREATE INDEX image_chain_part ON image_chain (chain, manifest_id) WHERE NOT is_whole;
COMMENT ON TABLE image_chain IS 'What the layers of an image are up to each depth. Its bases are images whose whole chain is among its rows, what is built on it has its whole chain among theirs. None of an image without layers, or with more than 1000';
COMMENT ON COLUMN image_chain.chain IS 'The ChainID of the OCI image specification: the first diff-ID, then the sha256 of the chain before and the next diff-ID';

ALTER TABLE manifest ADD COLUMN evidence smallint NOT NULL DEFAULT 0;
CREATE INDEX manifest_evidence ON manifest (id) WHERE evidence > 0;
COMMENT ON COLUMN manifest.evidence IS 'What an artifact is to the manifest that it is attached to, bits: 1 a signature, 2 an SBOM, 4 provenance';

CREATE INDEX tag_history_digest ON tag_history (digest, repository_id, tag) WHERE digest IS NOT NULL;

INSERT INTO schema_version (version, min_reader_version) VALUES (4, 1);
