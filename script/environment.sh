# Sourced by script/server and script/test: makes .venv and keeps it in step with the pinned requirement files.
# Functions only; the caller is in the root of the repository with `set -euo pipefail`.

say() { printf '%s\n' "$*" >&2; }

is_root_on_debian() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# install_debian_packages NAME... : quiet, without the packages that are only recommended, one call after the other.
install_debian_packages() {
    local turn status=0
    mkdir -p .cache
    exec {turn}>.cache/apt.lock
    flock "$turn"
    say "Installing from Debian: $*"
    if [ -z "${debian_lists_are_fresh:-}" ]; then
        apt-get update -qq >&2 && debian_lists_are_fresh=1 || status=1
    fi
    [ $status = 0 ] && { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null || status=1; }
    exec {turn}>&-
    return $status
}

# The first Python >= 3.11 on this machine; PYTHON overrides.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    say "Python 3.11 or newer is needed, and was not found. Install it, or name it: PYTHON=/path/to/python3 $0"
    return 1
}

make_venv() {
    local python
    python=$(find_python)
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if is_root_on_debian; then
            install_debian_packages python3-venv
        else
            say "Python's venv module is missing. On Debian: apt-get install python3-venv"
            return 1
        fi
    fi
    "$python" -m venv .venv
}

# What the stamp of FILE must say: the hash of the pins and of the Python that they were installed for.
stamp_of() {
    .venv/bin/python - "$1" <<'PYTHON'
import hashlib
import pathlib
import sys

digest = hashlib.sha256(sys.version.encode())
for name in dict.fromkeys(["requirements.txt", sys.argv[1]]):
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PYTHON
}

# All is pinned, so nothing is left to resolve; should something be missing here after all, pip resolves as usual.
# Bytecode is compiled on all cores afterwards; some packages bring files that are meant not to compile.
install_pinned() {
    local pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check)
    "${pip[@]}" install --prefer-binary --no-deps --no-compile -r "$1" || return 1
    "${pip[@]}" check >/dev/null 2>&1 || "${pip[@]}" install --prefer-binary --no-compile -r "$1" || return 1
    .venv/bin/python -m compileall -qq -j 0 "$PWD/.venv/lib" >/dev/null 2>&1 || true
}

# ensure_venv FILE : .venv holds what FILE (requirements.txt or requirements-dev.txt) pins.
# A stamp makes the next start immediate, and possible without a network.
ensure_venv() {
    local file=$1 lock
    mkdir -p .cache
    exec {lock}>.cache/venv.lock
    if command -v flock >/dev/null 2>&1 && ! flock -n "$lock"; then
        say "Another command is preparing .venv; waiting for it."
        flock "$lock"
    fi
    # A moved or copied checkout, or a Python upgrade, breaks a venv.
    if ! .venv/bin/python -c "import os, sys, pip; sys.exit(not os.path.samefile(sys.prefix, '.venv'))" 2>/dev/null; then
        make_venv
    fi
    if [ "$(cat ".venv/.installed-$file" 2>/dev/null || true)" != "$(stamp_of "$file")" ]; then
        say "Installing the packages of $file (only when they have changed)…"
        if ! install_pinned "$file"; then
            say "The packages could not be installed. A first start needs a network and the package index that pip is set up to use."
            return 1
        fi
        stamp_of "$file" >".venv/.installed-$file"
        # The development set contains the run-time one.
        stamp_of requirements.txt >.venv/.installed-requirements.txt
    fi
    exec {lock}>&-
}
