#!/bin/sh
# Writes the plugin's words for translators anew: make-pot.sh [FILE]. Needs gettext.
set -eu
cd "$(dirname "$0")/modqueue"
words() {
    find . -name '*.php' | LC_ALL=C sort | xgettext --files-from=- --language=PHP --from-code=UTF-8 \
        --add-comments=translators: --keyword=__ --keyword=_e --keyword=esc_html__ --keyword=esc_html_e \
        --keyword=esc_attr__ --keyword=_n:1,2 --package-name=Modqueue --package-version=0.1.0 --no-location --output=-
}
{
    echo "# Distributed under the same licence as the plugin, GPL-2.0-or-later."
    words | sed -e '1,5d' -e 's/charset=CHARSET/charset=UTF-8/' -e '/^"POT-Creation-Date/d'
} >"${1:-languages/modqueue.pot}"
