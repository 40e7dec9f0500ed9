#!/bin/sh
# Make the virtual environment FOLDER from the lock file LOCK, on a machine that may lack even Python.
# usage: bootstrap.sh FOLDER LOCK
set -eu

folder=$1
lock=$2
# libudev and libusb are loaded by pyudev and pyusb; systemd-analyze, udevadm, zsh and fish are asked by tests.
packages="python3 python3-venv libudev1 libusb-1.0-0 udev systemd zsh fish"

usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for name in "${PYTHON_FOR_VENV:-python3}" /usr/bin/python3 python3.11 python3.12 python3.13; do
        if usable "$name"; then
            echo "$name"
            return
        fi
    done
}

missing() {
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

install_missing() {
    # shellcheck disable=SC2046 # one word each
    set -- $(missing)
    [ $# -eq 0 ] && return
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "Please install these packages, then run the same command again:" >&2
            echo "    sudo apt-get install --no-install-recommends $*" >&2
            exit 3
        fi
        as_root='sudo -n'
    fi
    echo "installing $*"
    $as_root apt-get -qq update
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

install_missing
python=$(find_python)
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 with its venv module is needed and was not found." >&2
    exit 3
fi
echo "$folder: virtual environment of $("$python" --version) from $lock"
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock"
