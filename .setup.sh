# The set-up that ./seedance and ./test share. They source it with $root set to the repository.
# Whatever it says goes to stderr: stdout belongs to the program.
# shellcheck shell=bash

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
cache=$root/.cache
program=$root/src/Seedance.Onnx.Cli/bin/Release/net10.0/seedance

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit 5; }

# install_missing COMMAND...: gets the Debian packages of the commands that are missing; their names are the same.
# PACKAGE:FILE stands for a package that has no command of its name; FILE may be a pattern.
# Returns 5 after saying what to install where it may not do so itself.
install_missing() {
    local missing=() as_root=() name
    for name; do command -v "${name#*:}" >/dev/null || compgen -G "${name#*:}" >/dev/null || missing+=("${name%%:*}"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        say "${missing[*]} must be installed, but is missing. Run: sudo apt-get install --no-install-recommends ${missing[*]}"
        return 5
    fi
    say "installing ${missing[*]} with apt-get (once) ..."
    mkdir -p "$cache"
    if ! { "${as_root[@]}" apt-get update -qq &&
           "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
         } >"$cache/apt.log" 2>&1; then
        tail -n 5 "$cache/apt.log" >&2
        say "${missing[*]} must be installed, but apt-get failed (the end of its output is above). Run: sudo apt-get install ${missing[*]}"
        return 5
    fi
}

# Names, sizes and dates of everything that the program is built from.
fingerprint() {
    (cd "$root" && find src Directory.* global.json package.json package-lock.json BannedSymbols*.txt \
        \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | LC_ALL=C sort | cksum)
}

# build PROJECT-OR-SOLUTION: restores and builds in Release, and remembers what it was built from.
build() {
    command -v dotnet >/dev/null || fail "the .NET 10 SDK must be installed, but 'dotnet' is not on the PATH. Get it from https://dotnet.microsoft.com/download."
    (cd "$root" && dotnet --version) >/dev/null 2>&1 ||
        fail "the .NET SDK must fit global.json, but 'dotnet' has only: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' '). Get .NET 10 from https://dotnet.microsoft.com/download."
    install_missing npm || exit 5
    mkdir -p "$cache"
    local sources; sources=$(fingerprint)
    # Build servers would outlive this command and hold its output open.
    (cd "$root" && dotnet build "$1" -c Release -v quiet -clp:NoSummary --disable-build-servers) >&2 || return 1
    printf '%s\n' "$sources" >"$cache/built-from"
}

built() { [ -x "$program" ] && [ -f "$cache/built-from" ] && [ "$(<"$cache/built-from")" = "$(fingerprint)" ]; }
