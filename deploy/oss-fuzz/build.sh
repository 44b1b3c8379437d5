#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Builds every fuzz target of tests/fuzz for OSS-Fuzz, which gives CC, CFLAGS, LIB_FUZZING_ENGINE, SRC, WORK and OUT. The
# libraries go with the targets, since they run where none are installed; each corpus becomes the seeds of its target.

cmake -S "$SRC/metastore" -B "$WORK/build" -G Ninja -DMETASTORE_TESTS=ON -DMETASTORE_FUZZ=ON \
    -DMETASTORE_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DCMAKE_C_FLAGS="$CFLAGS"

mkdir -p "$OUT/lib"
for corpus in "$SRC"/metastore/tests/fuzz/corpus/*/*/; do
    room=$(basename "$(dirname "$corpus")")
    target=fuzz_${room}_$(basename "$corpus")
    ninja -C "$WORK/build" "$target"
    cp "$WORK/build/tests/fuzz/$target" "$OUT/"
    ldd "$OUT/$target" | awk '$3 ~ /^\// && $1 !~ /^(libc|libm|libdl|librt|libpthread)\.so/ { print $3 }' |
        xargs -r cp -Lu -t "$OUT/lib"
    patchelf --set-rpath '$ORIGIN/lib' "$OUT/$target"
    zip -qjr "$OUT/${target}_seed_corpus.zip" "$corpus"
done
