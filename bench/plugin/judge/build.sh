#!/usr/bin/env bash
# build.sh [OUT]: builds judge.wasm, or OUT, from judge.c, with clang and wasm-ld of version 19.1.7 (Debian packages clang-19, lld-19).
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/judge.wasm}")
cd "$(dirname "$0")"
clang-19 --target=wasm32-unknown-unknown -std=c17 -O2 -ffreestanding -nostdlib -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function \
	-mbulk-memory -I../../../testdata/guests -I../../../sdk/c -fuse-ld="$(command -v wasm-ld-19)" \
	-Wl,--no-entry -Wl,--stack-first -Wl,-z,stack-size=8192 -Wl,--strip-all judge.c -o "$out"
chmod 644 "$out" # wasm-ld makes executables
