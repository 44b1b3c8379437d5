# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What is in the registry of deploy/quickstart, and what metastore says of it: images are made and
# pushed, awaited, searched, and the addresses printed. Sourced by deploy/quickstart.

readonly SEARCHABLE_SECONDS=60
readonly FIRST_SCAN_SECONDS=120
readonly INDEX_TYPE=application/vnd.oci.image.index.v1+json

make_images() {
    local images=$dir/images
    rm -rf "$images"
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$root/deploy/quickstart.d/write_images.py" \
        "$images" /bin/busybox || fail "the images could not be made"
}

push_images() {
    local source target
    while IFS=$'\t' read -r source target; do
        push "$source" "$target" >>"$logs/push.log" 2>&1 </dev/null ||
            fail_with_log push "$target could not be pushed"
    done <"$dir/images/push.list"
}

push() { # SOURCE REPOSITORY:TAG
    if [[ $1 == put:* ]]; then
        ask --request PUT --header "Content-Type: $INDEX_TYPE" --data-binary "@${1#put:}" \
            "$front/v2/${2%:*}/manifests/${2##*:}"
    else
        run_as "$metastore_user" skopeo --insecure-policy copy --quiet --all --preserve-digests \
            --dest-tls-verify=false --dest-no-creds "$1" "docker://127.0.0.1:$port/$2"
    fi
}

# Each tag is listed and each repository found, by both readers.
is_searchable() {
    local repository tag reader
    while IFS=: read -r repository tag; do
        for reader in "${reader_ports[@]}"; do
            has "$reader" "/v2/$repository/tags/list" "\"$tag\"" &&
                has "$reader" "/v1/search?n=100&q=$repository" "\"name\": ?\"$repository\"" ||
                return 1
        done
    done < <(cut -f 2 "$dir/images/push.list" | grep -v @)
}

has() { # PORT PATH PATTERN
    ask "http://127.0.0.1:$1$2" | grep -qE -- "$3"
}

# What the registry would have told of the last month, had it been there.
tell_pulls() {
    /usr/bin/python3 "$root/deploy/quickstart.d/make_pulls.py" "$dir/images/pulled.list" "127.0.0.1:$port" |
        ask --header @<(printf 'Authorization: Bearer %s\n' "$token") --data-binary @- \
            --header 'Content-Type: application/vnd.docker.distribution.events.v1+json' "$writer_url/events" ||
        fail "the pulls could not be told"
}

fill_registry() {
    say "images: making them of busybox, pushing them with skopeo to 127.0.0.1:$port"
    make_images
    push_images
    wait_until "$SEARCHABLE_SECONDS" writer is_searchable
    tell_pulls
}

has_scanned() {
    ask "$writer_url/status" | grep -qE '"last_scan": ?\{[^}]*"complete": ?true'
}

await_first_scan() {
    say "scan: reading $registry_url"
    wait_until "$FIRST_SCAN_SECONDS" writer has_scanned
}

show_search() { # HEADING TERM
    say "$1:"
    ask "$front/v1/search?n=10&q=$2" | /usr/bin/python3 -c '
import json, sys
for found in json.load(sys.stdin)["results"]:
    print("      {name:<28} {description}".format(**found))'
}

show_addresses() { # TERM
    cat <<TEXT

${bold}metastore is up after $SECONDS s.${plain} Ctrl-C stops all of it.

    pages      $front/
    registry   127.0.0.1:$port (docker push and pull)
    API        $front/api/v1/openapi.json
    writer     $writer_url/status
    database   psql -h $socket_dir -U metastore_reader metastore
    logs       $logs
    clean up   $root/deploy/quickstart --dir $dir --clean

Try:
    docker search 127.0.0.1:$port/$1
    curl '$front/v1/search?q=$1'
    curl '$front/v2/_catalog'
    curl '$front/api/v1/repositories?sort=-updated'
TEXT
    [[ $registry_is_ours == no ]] || show_examples
}

show_examples() {
    cat <<TEXT
    curl '$front/index/static?label:com.example.team=web'
    flatpak --user remote-add quickstart oci+$front && flatpak --user remote-ls quickstart
    skopeo copy --src-tls-verify=false --dest-tls-verify=false \\
        docker://127.0.0.1:$port/team/web:1.1 docker://127.0.0.1:$port/team/web:2.0
    curl '$front/v2/team/web/tags/list'
TEXT
}

show_notifications() {
    cat <<TEXT

metastore sees changes of $registry_url when it scans. It sees them at once when the registry's
configuration says (the address as the registry reaches it):

$(notifications | sed 's/^/    /')
TEXT
}
