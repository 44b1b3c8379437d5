# SPDX-License-Identifier: Apache-2.0
"""The proxies of deploy/, run as they stand there but for their addresses."""
import re
import shutil

import requests

from harness import ROOT, WAIT_SECONDS, Process, free_port, wait_for

NGINX = ROOT / "deploy" / "nginx"
HAPROXY = ROOT / "deploy" / "haproxy"


def substitute(text, *replacements):
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Proxy(Process):
    def __init__(self, directory, name, registry, readers):
        super().__init__(directory, name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.registry, self.readers = registry, readers

    def start(self):
        self.write_config()
        self.spawn(self.command())
        wait_for(lambda: self.check_running() or self.get("/healthz").status_code == 200, self.name)
        return self

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def ask(self, method, path, **options):
        options.setdefault("timeout", WAIT_SECONDS)
        return requests.request(method, self.url + path, **options)


class Nginx(Proxy):
    """`access`: a file of deploy/nginx/access, or none; `passwords`: a file that the registry knows; `index`: it is open."""

    def __init__(self, directory, registry, readers, access=None, passwords=None, index=False):
        super().__init__(directory, "nginx", registry, readers)
        self.access, self.passwords, self.index = access, passwords, index

    def write_config(self):
        readers = " ".join(f"server 127.0.0.1:{reader.port};" for reader in self.readers)
        site = re.sub(r"server 127\.0\.0\.1:8088;.*", readers, (NGINX / "metastore.conf").read_text())
        again = " ".join(f"server 127.0.0.1:{reader.port} backup max_fails=0;" for reader in self.readers)
        site = re.sub(r"server 127\.0\.0\.1:8088 backup max_fails=0;", again, site)
        site = substitute(site, ("listen 80 default_server;", f"listen 127.0.0.1:{self.port};"),
                          ("listen [::]:80 default_server;", ""),
                          ("server 127.0.0.1:5000;", f"server 127.0.0.1:{self.registry.port};"),
                          ("/var/cache/nginx-metastore", f"{self.directory}/cache"))
        verdicts = ""
        if self.access:
            access = (NGINX / "access" / f"{self.access}.conf").read_text()
            if self.passwords:
                access = substitute(access, ("/etc/nginx/registry.htpasswd", str(self.passwords)))
            (self.directory / "access.conf").write_text(access)
            site = substitute(site, ("#include /etc/nginx/metastore-access.conf;", f"include {self.directory}/access.conf;"))
        if self.index:
            site = substitute(site, ("#include /etc/nginx/metastore-index.conf;", f"include {NGINX}/access/index.conf;"))
        if self.access == "registry":
            verdicts = substitute((NGINX / "access" / "verdicts.conf").read_text(),
                                  ("/run/nginx-metastore-verdicts", f"{self.directory}/verdicts"))
        temporary = "".join(f"{kind}_temp_path {self.directory}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.directory / "nginx.conf").write_text(
            f"user root;\ndaemon off;\nworker_processes 1;\npid {self.directory}/pid;\nerror_log stderr warn;\n"
            f"events {{ worker_connections 4096; }}\n"
            f"http {{\naccess_log off;\n{temporary}{verdicts}\n{site}\n}}\n")

    def command(self):
        return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr", "-p", str(self.directory),
                "-c", str(self.directory / "nginx.conf")]


class HAProxy(Proxy):
    """`passwords`: {user: hash}, asked of everybody; `verdict`: the registry is asked; neither: open. `index`: that is open."""

    def __init__(self, directory, registry, readers, passwords=None, verdict=False, index=False):
        super().__init__(directory, "haproxy", registry, readers)
        self.passwords, self.verdict, self.index = passwords, verdict, index

    def write_config(self):
        readers = "\n    ".join(f"server reader{n} 127.0.0.1:{reader.port}" for n, reader in enumerate(self.readers, 1))
        text = substitute((HAPROXY / "haproxy.cfg").read_text(), ("    bind :80\n    bind :::80 v6only\n", f"    bind 127.0.0.1:{self.port}\n"),
                          ("    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n", ""),  # only root may
                          ("timeout check 5s", "timeout check 60s"),  # this machine may be busier
                          ("127.0.0.1:5000", f"127.0.0.1:{self.registry.port}"), ("server reader1 127.0.0.1:8088", readers))
        if self.passwords:
            users = "\n".join(f"    user {user} password {hashed}" for user, hashed in self.passwords.items())
            text = re.sub(r"#userlist metastore_users\n#.*", lambda _: f"userlist metastore_users\n{users}", text)
            text = re.sub(r"#(acl is_open path /healthz|acl is_known|http-request auth)", r"\1", text)
        if self.verdict:
            text = re.sub(r"#(set-var|lua-load|acl is_open path /healthz|http-request (?:lua|return|deny))", r"\1", text)
            text = substitute(text, ("/etc/haproxy/metastore-verdict.lua", str(HAPROXY / "verdict.lua")))
        if self.index:
            text = substitute(text, ("#acl is_open path_reg", "acl is_open path_reg"))
        (self.directory / "haproxy.cfg").write_text(text)

    def command(self):
        return [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", str(self.directory / "haproxy.cfg")]
