#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints an envelope of pulls on the last thirty days, as the registry would have sent them: more of
some images than of others, fewer on weekends. The same day gives the same events, which count once.

    make_pulls.py pulled.list REGISTRY-HOST
"""
import datetime
import hashlib
import json
import sys

DAYS = 30
MOST_A_DAY = 6


def pulls_of(repository, tag, day):
    """A number that is different for each, and the same the next time."""
    popularity = hashlib.sha256(f"{repository}:{tag}".encode()).digest()[0] % MOST_A_DAY
    luck = hashlib.sha256(f"{repository}:{tag} {day}".encode()).digest()[0] % (MOST_A_DAY + 1)
    is_weekend = day.weekday() >= 5
    return max(0, popularity + luck - MOST_A_DAY - (2 if is_weekend else 0))


def event(host, repository, tag, digest, media_type, day, number):
    moment = datetime.datetime.combine(day, datetime.time(6 + number * 2, 30), datetime.timezone.utc)
    identity = hashlib.sha256(f"{repository}:{tag} {day} {number}".encode()).hexdigest()[:32]
    return {"id": identity, "timestamp": moment.isoformat().replace("+00:00", "Z"), "action": "pull",
            "target": {"mediaType": media_type, "digest": digest, "repository": repository, "tag": tag},
            "request": {"id": identity, "host": host, "method": "GET", "useragent": "docker/27.0"},
            "actor": {}, "source": {}}


def main():
    path, host = sys.argv[1:]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    events = []
    for line in open(path, encoding="utf-8"):
        repository, tag, digest, media_type = line.rstrip("\n").split("\t")
        for back in range(1, DAYS + 1):
            day = today - datetime.timedelta(days=back)
            events += [event(host, repository, tag, digest, media_type, day, number)
                       for number in range(pulls_of(repository, tag, day))]
    json.dump({"events": events}, sys.stdout)


if __name__ == "__main__":
    main()
