#!/usr/bin/env bash
# Rebuilds the guests from their sources: build.sh [DIR]
#
# Without DIR the .wasm files beside the sources and lock.json are rewritten; with DIR, the .wasm files go there and
# nothing here changes. Compilers are pinned: others make other bytes.
set -euo pipefail
cd "$(dirname "$0")"

wat_version=1.0.32
clang_version=19.1.7

need() { # need COMMAND PACKAGE VERSION FOUND
	if [[ "$4" != "$3" ]]; then
		echo "build.sh: needs $1 $3, found '${4:-none}': install the Debian package $2 of that version" >&2
		exit 3
	fi
}
version_of() { "$@" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1 || true; }
need wat2wasm wabt "$wat_version" "$(version_of wat2wasm)"
need clang-19 clang-19 "$clang_version" "$(version_of clang-19)"
need wasm-ld-19 lld-19 "$clang_version" "$(version_of wasm-ld-19)"

out=${1:-}

build() { # build SOURCE TARGET
	case $1 in
	hostile/proposal-*.wat) wat2wasm --enable-all "$1" -o "$2" ;;
	*.wat) wat2wasm "$1" -o "$2" ;;
	*.c)
		clang-19 --target=wasm32-unknown-unknown -std=c17 -O2 -ffreestanding -nostdlib -Wall -Wextra -Werror \
			-Wno-unused-parameter -Wno-unused-function -mbulk-memory -I. -I../../sdk/c -fuse-ld="$(command -v wasm-ld-19)" \
			-Wl,--no-entry -Wl,--stack-first -Wl,-z,stack-size=8192 -Wl,--strip-all "$1" -o "$2" ;;
	esac
}

entries=()
for source in working/*.{c,wat} hostile/*.wat; do
	name=$(basename "${source%.*}")
	target=${out:+$out/$name.wasm}
	target=${target:-${source%.*}.wasm}
	build "$source" "$target"
	chmod 644 "$target" # wasm-ld makes executables
	compiler="wat2wasm $wat_version"
	if [[ $source == *.c ]]; then compiler="clang $clang_version"; fi
	entries+=("$(printf '    {"name": "%s", "source": "%s", "source_sha256": "%s", "wasm_sha256": "%s", "compiler": "%s"}' \
		"$name" "$source" "$(sha256sum <"$source" | cut -d' ' -f1)" "$(sha256sum <"$target" | cut -d' ' -f1)" "$compiler")")
done

if [[ -z $out ]]; then
	{
		printf '{\n  "wat2wasm": "%s",\n  "clang": "%s",\n' "$wat_version" "$clang_version"
		printf '  "header_sha256": "%s",\n  "guests": [\n' "$(sha256sum <guest.h | cut -d' ' -f1)"
		(IFS=$'\n'; echo "${entries[*]}" | sed '$!s/$/,/')
		printf '  ]\n}\n'
	} >lock.json
fi
