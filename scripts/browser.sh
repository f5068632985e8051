#!/usr/bin/env bash
# Sees to a Chromium for the page's tests: one that is on the PATH, else Debian's, where it may be installed. Nothing but the tests
# needs it, so that nothing fails here without one.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && grep --quiet --ignore-case '^ID=debian' /etc/os-release; then
    echo "install: no Chromium on the PATH: apt-get install -y chromium, for the tests of the page"
    { apt-get update --quiet=2 && apt-get install --yes --quiet=2 chromium >/dev/null; } && exit 0
fi
echo "install: no Chromium on the PATH, which the tests of the page want. Debian: apt-get install chromium; macOS: brew install
         --cask google-chrome, and a link called google-chrome on the PATH; Ubuntu: snap install chromium" >&2
