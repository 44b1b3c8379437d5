-- SPDX-License-Identifier: Apache-2.0
-- Pages of a registry with much history read what is kept for each day, instead of the history.

CREATE TABLE repository_day (
    repository_id bigint NOT NULL REFERENCES repository (id),
    day           date NOT NULL,
    pulls         bigint NOT NULL DEFAULT 0,
    pushes        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (repository_id, day)
);
CREATE INDEX repository_day_day ON repository_day (day);
COMMENT ON TABLE repository_day IS 'Pulls of known manifests, and events that moved a tag, by day (UTC); kept for 400 days';

CREATE TABLE registry_day (
    day        date PRIMARY KEY,
    pulls      bigint NOT NULL DEFAULT 0,
    pushes     bigint NOT NULL DEFAULT 0,
    size       numeric,
    signed     bigint,
    sbom       bigint,
    provenance bigint
);
COMMENT ON TABLE registry_day IS 'The same of all repositories together, and what keep_sizes() found at the end of the day: it looks every few minutes; NULL: it did not';
COMMENT ON COLUMN registry_day.size IS 'As state.size';
COMMENT ON COLUMN registry_day.signed IS 'Images and indexes that tags show and that have a signature; the next two: an SBOM, provenance';

CREATE TABLE namespace_day (
    name text COLLATE "C" NOT NULL,
    day  date NOT NULL,
    size numeric NOT NULL,
    PRIMARY KEY (name, day)
);
COMMENT ON TABLE namespace_day IS 'Sizes of the namespaces that are first components of names, summed up over their repositories: at the end of each day on which they changed; 0: gone';

INSERT INTO repository_day (repository_id, day, pulls, pushes)
SELECT repository_id, day, sum(pulls), sum(pushes)
  FROM (SELECT repository_id, day, pulls, 0 AS pushes FROM pull_day
         UNION ALL
        SELECT repository_id, (from_time AT TIME ZONE 'UTC')::date, 0, 1 FROM tag_history WHERE source = 'event') AS told
 GROUP BY repository_id, day;
INSERT INTO registry_day (day, pulls, pushes)
SELECT day, sum(pulls), sum(pushes) FROM repository_day GROUP BY day;

ALTER TABLE state ADD COLUMN doubled_refs bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN state.doubled_refs IS 'Flatpak refs that more than one repository offers (doubled_flatpak_refs()), as the writer counted them last';

ALTER TABLE repository ADD COLUMN shared_size numeric;
COMMENT ON COLUMN repository.shared_size IS 'Bytes of its blobs that other repositories have, too, as keep_sizes() found them last; NULL: it was not among the largest';

CREATE FUNCTION namespace_of(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN left(name, length(name) - length(regexp_replace(name, '^.*/', '')));
CREATE INDEX repository_namespace ON repository (namespace_of(name), name) WHERE deleted_at IS NULL;
CREATE INDEX repository_updated ON repository (updated DESC, name) WHERE deleted_at IS NULL;
CREATE INDEX tag_hidden ON tag (repository_id, updated DESC) WHERE hidden;

INSERT INTO schema_version (version, min_reader_version) VALUES (10, 1);
