-- SPDX-License-Identifier: Apache-2.0
-- Gives the images of a generated database the packages that their SBOMs would list, one document an image, and to some
-- provenance that names a base. For a superuser:
--
--     psql -v each=100 -f generate_packages.sql URL
--
-- Each image has :each packages, of that many families of 140 names: in one family of seven everybody has the same name
-- (as libc6 is everywhere), in the others a few names are common and most are rare. A name has five versions.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
CREATE FUNCTION pg_temp.chance(a bigint, b bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS
    'SELECT (hashint8extended(a, b) & 1048575) / 1048576.0';

INSERT INTO package_name (name, type)
SELECT format('%s-%s', (ARRAY['lib', 'python3', 'golang', 'node', 'perl', 'ruby', 'rust'])[1 + family % 7], family * 140 + n),
       (ARRAY['deb', 'npm', 'pypi', 'golang'])[1 + family % 4]
  FROM generate_series(0, :each - 1) AS family, generate_series(0, 139) AS n ORDER BY family, n;
INSERT INTO package_version (name_id, version, version_key)
SELECT id, v, version_key(v)
  FROM (SELECT id, format('%s.%s.%s', major, id % 10, 10 * major) AS v FROM package_name, generate_series(1, 5) AS major) AS made
 ORDER BY id, v;
ANALYZE package_name, package_version;
INSERT INTO package (version_id, purl)
SELECT v.id, format('pkg:%s/%s@%s', n.type, n.name, v.version)
  FROM package_version v JOIN package_name n ON n.id = v.name_id ORDER BY v.id;

CREATE TEMP TABLE image AS
SELECT m.id, m.digest, row_number() OVER (ORDER BY m.id) AS number
  FROM manifest m
 WHERE m.kind = 'image' AND EXISTS (SELECT FROM repository_manifest h
                                     WHERE h.manifest_id = m.id AND "references" > attests AND unreadable IS NULL);
ALTER TABLE image ADD PRIMARY KEY (number);
ANALYZE image;
INSERT INTO sbom_source (manifest_id, about, kind, is_read)
SELECT id, digest, 'referrer', true FROM image ON CONFLICT (manifest_id, about) DO NOTHING;
INSERT INTO sbom (manifest_id, about, image_id, document, state, packages)
SELECT id, digest, id, digest, 'done', :each FROM image ORDER BY id;
INSERT INTO package_image (image_id, is_counted) SELECT id, true FROM image;

ANALYZE package, sbom;

-- Without their indexes, which are made again at the end.
CREATE TEMP TABLE later AS
SELECT indexdef FROM pg_indexes WHERE tablename = 'image_package' AND indexname <> 'image_package_pkey';
DROP INDEX image_package_package, image_package_sbom;
ALTER TABLE image_package DROP CONSTRAINT image_package_pkey;
INSERT INTO image_package (image_id, package_id, sbom_id)
SELECT i.id, p.first + 5 * c.name + c.version, s.id
  FROM image i
  JOIN sbom s ON s.manifest_id = i.id AND s.about = i.digest
 CROSS JOIN (SELECT min(id) AS first FROM package) AS p
 CROSS JOIN generate_series(0, :each - 1) AS family
 CROSS JOIN LATERAL (
     SELECT family * 140 + CASE WHEN family % 7 = 0 THEN 0 ELSE floor(140 * power(pg_temp.chance(i.id, family), 3))::bigint END
                AS name,
            floor(5 * pg_temp.chance(i.id / 50, 1000 + family))::bigint AS version) AS c
 ORDER BY i.id;
ALTER TABLE image_package ADD PRIMARY KEY (image_id, package_id, sbom_id);
SELECT indexdef FROM later \gexec

ANALYZE image_package;
UPDATE package_version v SET images = n.images
  FROM (SELECT p.version_id, count(*) AS images FROM image_package i JOIN package p ON p.id = i.package_id GROUP BY 1) AS n
 WHERE v.id = n.version_id;
ANALYZE package_version;
UPDATE package_name p SET images = n.images
  FROM (SELECT name_id, sum(images) AS images FROM package_version GROUP BY 1) AS n WHERE p.id = n.name_id;

-- Every tenth image names what its layers say, and two others.
INSERT INTO image_material (image_id, digest, sbom_id, uri)
SELECT DISTINCT i.id, b.digest, s.id, 'pkg:docker/library/debian@12'
  FROM image i
  JOIN sbom s ON s.manifest_id = i.id AND s.about = i.digest
 CROSS JOIN LATERAL (
     (SELECT m.digest FROM image_chain c
      JOIN image_chain w ON w.chain = c.chain AND w.is_whole JOIN manifest m ON m.id = w.manifest_id
      WHERE c.manifest_id = i.id AND NOT c.is_whole LIMIT 1)
     UNION ALL
     (SELECT digest FROM image o WHERE o.number IN (i.number + 7, i.number + 11))) AS b
 WHERE i.number % 10 = 0;
UPDATE state SET generation = generation + 1;
COMMIT;
VACUUM ANALYZE manifest, repository_manifest, package_name, package_version, package, image_package, sbom, sbom_source, package_image, image_material;
SELECT format('%s images with %s packages each', (SELECT count(*) FROM package_image), :each);
