#!/bin/sh
# What the process tests need beside Python: installs it where it may, else names it and stops.
set -eu

missing=""
[ -x /usr/bin/chromium-headless-shell ] || missing="$missing chromium-headless-shell"
command -v openssl >/dev/null || missing="$missing openssl"
# A WordPress with PHP and MariaDB; mini-httpd, php-cgi and php keep Apache out.
[ -d /usr/share/wordpress ] || missing="$missing wordpress wordpress-theme-twentytwentythree mini-httpd php-cgi php"
command -v php >/dev/null || missing="$missing php-cli php-mysql php-curl php-mbstring php-xml"
command -v phpcs >/dev/null || missing="$missing php-codesniffer"
command -v mariadbd >/dev/null || missing="$missing mariadb-server-core mariadb-client-core"
command -v xgettext >/dev/null || missing="$missing gettext"
[ -x /usr/bin/redis-server ] || missing="$missing redis-server"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
# What the tests need of npm is installed beside them: clients that speak to us, an accessibility
# checker, PHP's versions.
command -v npm >/dev/null || missing="$missing nodejs npm"
packages() {
    for place in akismet/node browser perspective/node wordpress/php; do
        ( cd "$(dirname "$0")/$place"
          [ node_modules -nt package.json ] || {
              npm install --loglevel=error --no-package-lock --no-audit --no-fund
              touch node_modules
          } )
    done
}
[ -n "$missing" ] || { packages; exit 0; }

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
    echo "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    apt-get install -qq -y --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing in /usr/bin: install it, or run make test as root on Debian." >&2
    exit 1
fi
packages
