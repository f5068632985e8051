# What the install scripts share; they stand in the project's folder and say their name in $SCRIPT.

TORCH=2.13.0
CPU_INDEX=${TORCH_CPU_INDEX:-https://download.pytorch.org/whl/cpu}

fail() {
    printf '\n%s: %s\n' "$SCRIPT" "$1" >&2
    exit 1
}

unreachable() {
    fail "could not install $1. The lines above say why. If a package registry cannot be reached, check the network,
         or point pip at your mirror: PIP_INDEX_URL=https://your-mirror/simple make $SCRIPT"
}

# make_environment FOLDER
make_environment() {
    local python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
    [ -n "$python" ] || fail "Python 3.11 is needed and no python3 was found. Set PYTHON=/path/to/python3.11"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed; $python is $("$python" --version). Set PYTHON=/path/to/python3.11"
    [ -x "$1/bin/python" ] || "$python" -m venv "$1" || fail "could not make $1 with $python"
}

# install_torch FOLDER: on Linux x86-64 the plain torch is a CUDA build of several gigabytes; elsewhere it is the CPU build.
install_torch() {
    "$1/bin/python" -c 'import torch' 2>/dev/null && return
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        "$1/bin/pip" install --quiet "torch==$TORCH" || unreachable "torch"
        return
    fi
    "$1/bin/pip" install --quiet "torch==$TORCH+cpu" 2>/dev/null ||
        "$1/bin/pip" install --quiet --extra-index-url "$CPU_INDEX" "torch==$TORCH+cpu" ||
        unreachable "the CPU build of torch $TORCH (from $CPU_INDEX; set TORCH_CPU_INDEX for a mirror)"
}
