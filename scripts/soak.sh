#!/bin/sh
# Random schedules with fresh seeds until the time is over or the first violation, whose seed and steps are told.
#
# scripts/soak.sh [MINUTES [SEED]]    60 minutes; the first seed is drawn
set -eu
cd "$(dirname "$0")/.."

minutes=${1:-60}
case $minutes in
    '' | *[!0-9]* | 0) echo "soak: \"$minutes\" is no number of minutes" >&2; exit 2 ;;
esac
[ $# -lt 2 ] || export CUTOVER_SOAK_SEED="$2"
export CUTOVER_SOAK_MINUTES="$minutes"
test=faults::schedule::soak
RUST_BACKTRACE=0 cargo test --locked --quiet --features failpoints --test tests "$test" -- --exact --ignored --nocapture || {
    echo "soak: a violation; its seed and steps are above. Again:" >&2
    echo "    CUTOVER_SCHEDULE_SEED=SEED cargo test --features failpoints --test tests f62_random -- --nocapture" >&2
    exit 1
}
