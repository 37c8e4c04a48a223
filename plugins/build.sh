#!/usr/bin/env bash
# Rebuilds the plugins in C from their sources: build.sh [DIR]
#
# Without DIR each plugin's .wasm and lock.json beside its sources are rewritten; with DIR, the .wasm files go there and nothing here changes.
# The compiler is pinned: others make other bytes.
set -euo pipefail
cd "$(dirname "$0")"

clang_version=19.1.7

need() { # need COMMAND
	local found
	found=$("$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1 || true)
	if [[ "$found" != "$clang_version" ]]; then
		echo "build.sh: needs $1 $clang_version, found '${found:-none}': install the Debian packages clang-19 and lld-19 of that version" >&2
		exit 3
	fi
}
need clang-19
need wasm-ld-19

flags=(--target=wasm32-unknown-unknown -std=c17 -O2 -ffreestanding -nostdlib -mbulk-memory -msimd128
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -I../sdk/c -fuse-ld="$(command -v wasm-ld-19)"
	-Wl,--no-entry -Wl,--stack-first -Wl,-z,stack-size=8192 -Wl,--strip-all)

sum() { sha256sum "$@" | cut -d' ' -f1; }

out=${1:-}
for source in */*.c; do
	name=$(dirname "$source")
	target=${out:+$out/$name.wasm}
	target=${target:-$name/$name.wasm}
	clang-19 "${flags[@]}" "$source" -o "$target"
	chmod 644 "$target" # wasm-ld makes executables
	if [[ -n $out ]]; then continue; fi
	{
		printf '{\n  "compiler": "clang %s",\n  "sources": {\n' "$clang_version"
		printf '%s\n' "$name"/*.[ch] c/*.h build.sh | LC_ALL=C sort | while read -r f; do
			printf '    "%s": "%s",\n' "$f" "$(sum "$f")"
		done | sed '$s/,$//'
		printf '  },\n  "module": "%s"\n}\n' "$(sum "$target")"
	} >"$name/lock.json"
done
