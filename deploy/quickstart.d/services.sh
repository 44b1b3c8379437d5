# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# The servers of deploy/quickstart, in the order in which they start: for each, its files below
# $dir, its process, and the wait until it answers. Sourced by deploy/quickstart, which sets $dir,
# $logs, $build, $token, the users and the addresses.

readonly SOCKET_DIRECTORY_MAX=90 # sun_path is 108 bytes; "/.s.PGSQL.5432" is appended

ask() {
    curl --noproxy '*' --fail --silent --show-error --max-time 10 "$@"
}

# --- PostgreSQL: a cluster of its own, on a Unix socket only ---

find_postgres() { # the one that made the cluster, if there is one, else the newest
    local bin made
    if made=$(cat "$dir/postgres/data/PG_VERSION" 2>/dev/null); then
        bin=/usr/lib/postgresql/$made/bin
        [[ -x $bin/initdb ]] || fail "PostgreSQL $made, which made the database in $dir, is not installed" \
            "any more: remove the directory with --clean"
        echo "$bin"
        return
    fi
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1)
    [[ -x $bin ]] || fail "no PostgreSQL server is installed (Debian: postgresql)"
    dirname "$bin"
}

# Where the path is too long for a socket, it is a link to a short one.
make_socket_directory() {
    local path=$dir/socket
    if ((${#path} > SOCKET_DIRECTORY_MAX)) && [[ ! -d $path ]]; then
        rm -f "$path"
        ln -s "$(mktemp -d /tmp/metastore-socket.XXXXXX)" "$path"
    fi
    [[ -d $path ]] || mkdir "$path"
    socket_dir=$(readlink -f "$path")
    own_directory "$database_user" "$socket_dir" 755
}

make_cluster() {
    own_directory "$database_user" "$dir/postgres" 700
    [[ ! -e $dir/postgres/data ]] || return 0
    run_as "$database_user" rm -rf "$dir/postgres/data.new"
    run_as "$database_user" "$postgres_bin/initdb" --pgdata="$dir/postgres/data.new" \
        --username=postgres --auth=peer --encoding=UTF8 --locale=C.UTF-8 --no-instructions \
        >"$logs/initdb.log" 2>&1 || fail_with_log initdb "PostgreSQL's initdb failed"
    run_as "$database_user" mv "$dir/postgres/data.new" "$dir/postgres/data"
}

# Nobody needs a password: the kernel says who is at the other end of the socket.
write_access_rules() {
    local role
    echo "local all all peer map=quickstart" | own_file "$database_user" hba.conf
    {
        echo "quickstart $database_user postgres"
        for role in postgres metastore_writer metastore_reader; do
            echo "quickstart $(id -un) $role"
        done
        echo "quickstart $metastore_user metastore_writer"
        echo "quickstart $metastore_user metastore_reader"
    } | own_file "$database_user" ident.conf
}

sql() { # DATABASE, statements on standard input
    run_as "$database_user" "$postgres_bin/psql" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
        --host="$socket_dir" --username=postgres --dbname="$1" >>"$logs/roles.log" 2>&1 ||
        fail_with_log roles "the database could not be prepared"
}

make_database() {
    sql postgres <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY['metastore_writer', 'metastore_reader']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT 'CREATE DATABASE metastore OWNER metastore_writer'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'metastore') \gexec
SQL
}

start_database() {
    make_socket_directory
    make_cluster
    write_access_rules
    start database "$database_user" "$postgres_bin/postgres" -D "$dir/postgres/data" \
        -c listen_addresses= -c unix_socket_directories="$socket_dir" \
        -c hba_file="$dir/etc/hba.conf" -c ident_file="$dir/etc/ident.conf"
    wait_until 60 database "$postgres_bin/pg_isready" --quiet --host="$socket_dir" \
        --username=postgres --dbname=postgres
    make_database
}

grant_roles() { # once the writer has made the tables
    sql metastore <"$root/sql/roles.sql"
}

# --- The registry, with notifications to the writer ---

write_registry_config() {
    own_file "$registry_user" registry.yml <<YAML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $dir/registry/data}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:$registry_port
  relativeurls: true
$(notifications)
YAML
}

# What the configuration of any registry should say. An endpoint is a queue: changes do not wait behind pulls.
notifications() {
    echo "notifications:"
    echo "  endpoints:"
    endpoint metastore "pull, mount"
    endpoint metastore-pulls "push, delete, mount"
}

endpoint() { # NAME ACTIONS-THAT-ARE-NOT-TOLD
    cat <<YAML
    - name: $1
      url: http://127.0.0.1:$writer_port/events
      headers: {Authorization: [Bearer $token]}
      timeout: 2s
      threshold: 5
      backoff: 5s
      ignoredmediatypes: [application/octet-stream]
      ignore: {actions: [$2]}
YAML
}

start_registry() {
    own_directory "$registry_user" "$dir/registry" 700
    write_registry_config
    start registry "$registry_user" "$(type -P docker-registry registry | head -n 1)" serve \
        "$dir/etc/registry.yml"
    wait_until 30 registry ask "$registry_url/v2/"
}

# --- metastore ---

# One text serves all; only the addresses differ. Readers never open the files of secrets.
write_config() { # NAME READER-PORT
    own_file "$metastore_user" "$1" <<YAML
registry:
    url: $registry_url
    public_url: /
$(registry_credentials)
events:
    token_file: $dir/etc/events-token
database:
    postgres:
        url: host=$socket_dir dbname=metastore user=metastore_writer
        read_url: host=$socket_dir dbname=metastore user=metastore_reader
writer:
    listen: 127.0.0.1:$writer_port
reader:
    listen: 127.0.0.1:$2
    trusted_proxies: [127.0.0.1]
    workers: 1
cache:
    spool_dir: $dir/metastore
YAML
}

registry_credentials() {
    [[ -z $username ]] || echo "    username: \"$username\""
    [[ -z $password_file ]] || echo "    password_file: $dir/etc/registry-password"
    [[ -z $ca_file ]] || echo "    ca_file: $dir/etc/registry-ca.pem"
}

write_secrets() {
    own_directory "$metastore_user" "$dir/metastore" 700
    own_file "$metastore_user" events-token <<<"$token"
    [[ -z $password_file ]] ||
        own_file "$metastore_user" registry-password <"$password_file"
    [[ -z $ca_file ]] || install -m 644 "$ca_file" "$dir/etc/registry-ca.pem" # no secret
}

start_writer() {
    write_secrets
    write_config writer.yaml "${reader_ports[0]}"
    start writer "$metastore_user" "$build/writer/metastore-writer" \
        --config "$dir/etc/writer.yaml"
    wait_until 60 writer ask "$writer_url/readyz"
}

start_readers() {
    local number
    for number in 1 2; do
        write_config "reader-$number.yaml" "${reader_ports[number - 1]}"
        start "reader-$number" "$metastore_user" "$build/reader/metastore-reader" \
            --config "$dir/etc/reader-$number.yaml"
    done
    for number in 1 2; do
        wait_until 30 "reader-$number" ask "http://127.0.0.1:${reader_ports[number - 1]}/readyz"
    done
}

# --- nginx: registry and readers on one port, by the sample configuration ---

write_proxy_config() {
    local readers="server 127.0.0.1:${reader_ports[0]}; server 127.0.0.1:${reader_ports[1]};"
    local again="server 127.0.0.1:${reader_ports[0]} \\1 server 127.0.0.1:${reader_ports[1]} \\1"
    sed -e "s|listen 80 default_server;|listen 127.0.0.1:$port;|" \
        -e "/^ *listen \[::\]:80 /d" \
        -e "s|server 127.0.0.1:5000;|server $registry_address;|" \
        -e "s|server 127.0.0.1:8088;.*|$readers|" \
        -e "s|server 127.0.0.1:8088 \\(backup.*;\\)|$again|" \
        -e "s|/var/cache/nginx-metastore|$dir/nginx/cache|" \
        -e "s|^ *proxy_pass http://metastore_registry;|$(registry_pass)|" \
        "$root/deploy/nginx/metastore.conf" | own_file "$proxy_user" proxy.conf
    own_file "$proxy_user" nginx.conf <<CONF
daemon off;
worker_processes 1;
pid $dir/nginx/pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path $dir/nginx/body;
    proxy_temp_path $dir/nginx/proxy;
    fastcgi_temp_path $dir/nginx/fastcgi;
    uwsgi_temp_path $dir/nginx/uwsgi;
    scgi_temp_path $dir/nginx/scgi;
    include $dir/etc/proxy.conf;
}
CONF
}

# A foreign registry wants its own name, makes absolute URLs of it, and may have TLS and a prefix.
registry_pass() {
    local path=/${registry_url#*://*/} trusted=/etc/ssl/certs/ca-certificates.crt
    if [[ $registry_is_ours == yes ]]; then
        echo 'proxy_pass http://metastore_registry;'
        return
    fi
    [[ ${registry_url#*://} == */* ]] || path=
    [[ -z $ca_file ]] || trusted=$dir/etc/registry-ca.pem
    echo "proxy_pass ${registry_url%%://*}://metastore_registry${path:+$path/v2/};" \
        "proxy_redirect $registry_url/ /; proxy_set_header Connection '';" \
        "proxy_set_header Host $registry_host;" \
        "proxy_ssl_server_name on; proxy_ssl_name ${registry_host%:*}; proxy_ssl_verify on;" \
        "proxy_ssl_trusted_certificate $trusted;"
}

start_proxy() {
    local nginx
    nginx=$(PATH=$PATH:/usr/sbin type -P nginx) || fail "nginx is not installed"
    own_directory "$proxy_user" "$dir/nginx" 700
    write_proxy_config
    start proxy "$proxy_user" "$nginx" -e stderr -p "$dir/nginx" -c "$dir/etc/nginx.conf"
    wait_until 30 proxy ask "$front/healthz"
}
