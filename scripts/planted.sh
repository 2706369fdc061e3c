#!/bin/sh
# Plants one bug after the other and shows that the tests find it. Each file in tests/planted is a patch to src/ under a
# header: what the bug is (`# bug:`), and the tests that must fail (`# test:`, names of the integration binary; each may be
# followed by settings of its environment, NAME=VALUE). The patches are applied to a copy of this tree under
# target/planted, whose build is kept. What the last test of each patch said is in target/planted/*.said.
#
# scripts/planted.sh [NUMBER...]    these patches, such as 03 11; all without
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
tree=$root/target/planted/tree
export CARGO_TARGET_DIR="$root/target/planted/target"

patches=
for wanted in "${@:-}"; do
    for patch in tests/planted/"$wanted"*.patch; do
        [ -f "$patch" ] || { echo "planted: there is no patch \"$wanted\"" >&2; exit 2; }
        patches="$patches $patch"
    done
done

rm -rf "$tree"
mkdir -p "$tree"
git ls-files --cached --others --exclude-standard >target/planted/files
# A file that was removed is still listed until that is committed.
while IFS= read -r file; do [ ! -e "$file" ] || printf '%s\n' "$file"; done <target/planted/files >target/planted/there
tar -cf - -T target/planted/there | tar -xf - -C "$tree"
cd "$tree"
# Of a run that was interrupted the build may have a bug in it that is newer than these files.
dirty=$root/target/planted/dirty
[ ! -e "$dirty" ] || find src -name '*.rs' -exec touch {} +

said=$root/target/planted/said
build() { cargo build --locked --quiet --features failpoints --bin cutover 2>"$said" || { cat "$said" >&2; exit 1; }; }
field() { sed -n "s/^# $2: //p" "$1"; }
# The tests as they were built without a bug: they run the program that was built last.
# fails SETTINGS TEST: whether the test fails
fails() { if env $1 RUST_BACKTRACE=0 "$tests" --exact "$2" >"$said" 2>&1; then return 1; fi; }

cargo test --locked --features failpoints --test tests --no-run 2>"$said" || { cat "$said" >&2; exit 1; }
tests=$(sed -n 's/.*Executable.*(\(.*\)).*/\1/p' "$said")
build

missed=0
line() { printf '%-58s %-9s %s\n' "$1" "$2" "$3"; }
line 'bug' 'result' 'test'
touch "$dirty"
for patch in $patches; do
    patch --strip=1 --fuzz=0 --quiet --forward --no-backup-if-mismatch <"$root/$patch" || {
        echo "planted: $patch does not apply any more" >&2; exit 1; }
    build
    bug=$(field "$root/$patch" bug)
    while read -r test settings; do
        if ! "$tests" --exact "$test" --list 2>/dev/null | grep -q ': test$'; then
            echo "planted: $patch names a test that is not there: $test" >&2; exit 1
        fi
        if fails "$settings" "$test"; then result=found; else result=MISSED; missed=$((missed + 1)); fi
        line "$bug" "$result" "$test"
        cp "$said" "$root/target/planted/$(basename "$patch" .patch).said"
    done <<LIST
$(field "$root/$patch" test)
LIST
    patch --strip=1 --quiet --reverse --no-backup-if-mismatch <"$root/$patch"
done

# Without a bug, the same tests pass: what they found was the bug.
build
rm "$dirty"
for patch in $patches; do field "$root/$patch" test; done | sort -u >"$root/target/planted/names"
while read -r test settings; do
    if fails "$settings" "$test"; then
        cat "$said" >&2
        line 'none' 'FAILED' "$test"
        missed=$((missed + 1))
    fi
done <"$root/target/planted/names"
[ "$missed" -eq 0 ] || { echo "planted: $missed not as they should be" >&2; exit 1; }
count=$(echo "$patches" | wc -w)
echo "planted: $((count)) bugs, each found; without them, all of these tests pass"
