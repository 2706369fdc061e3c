# shellcheck shell=sh
# The steps of scripts/bench.sh, which reads this file: how each is prepared, and what of it is timed.
# shellcheck disable=SC2154 # what is not set here, bench.sh has set
# shellcheck disable=SC2016 # in quotes stand the words of other programs

tab=$(printf '\t')

# note STEP MEASURE VALUE: one line of results.
note() { printf '%s\t%s\t%s\t%s\t%s\n' "$round" "$set" "$1" "$2" "$3" >>"$notes"; }

sql() { "$psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }

# await COMMAND…: runs it under the stopwatch, and waits for it so that a signal is heard at once.
await() {
    : >"$scratch/measures"
    "$data" run "$scratch/measures" "$limit" "$@" </dev/null &
    running=$!
    code=0
    wait "$running" || code=$?
    running=''
    return "$code"
}

# timed STEP COMMAND…: runs it, and notes time, CPU and memory, or that it failed. Its output is in out and err.
timed() {
    step=$1
    shift
    if await "$@" >"$scratch/out" 2>"$scratch/err"; then
        while IFS=$tab read -r measure value; do note "$step" "$measure" "$value"; done <"$scratch/measures"
        say "   $step $(sed -n 's/^seconds.//p' "$scratch/measures") s"
        return 0
    else
        missed "$step" "failed with exit code $?"
        tail -n 3 "$scratch/err" "$scratch/out" 2>/dev/null | sed 's/^/      /' >&2
        return 1
    fi
}

# missed STEP WHY: a step without a number.
missed() {
    note "$1" note "$2"
    say "   $1: $2"
}

start_server() {
    "$cutover" embedded start >/dev/null
    hint=$("$cutover" embedded status | sed -n 's/^.*\(PGPASSFILE=.*\)$/\1/p' | head -n 1)
    # PGPASSFILE=FILE PSQL -h DIRECTORY -p PORT -U USER -d DATABASE, quoted for a shell
    eval "set -- $hint"
    [ $# -eq 10 ] || fail '`cutover embedded status` names no psql command'
    PGPASSFILE=${1#PGPASSFILE=} psql=$2 PGHOST=$4 PGPORT=$6 PGUSER=$8
    shift 9
    PGDATABASE=$1 PGOPTIONS='-c client_min_messages=warning'
    export PGPASSFILE PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS
    psql=$(command -v "$psql") || fail "psql is not there"
    pg_dump=$(beside pg_dump)
    pg_restore=$(beside pg_restore)
    # For a line of its own port, and for tools that read no such file.
    (umask 077 && sed 's/.*:\([^:]*\)$/*:*:*:*:\1/' "$PGPASSFILE" >"$scratch/pgpass")
    password=$(sed -n 's/.*:\([^:]*\)$/\1/p' "$PGPASSFILE" | head -n 1)
}

# beside PROGRAM: the one of the same directory as psql, which is of the server's version; else whichever is found.
beside() {
    if [ -x "$(dirname "$psql")/$1" ]; then echo "$(dirname "$psql")/$1"; else command -v "$1" || fail "$1 is not there"; fi
}

machine() {
    round=0 set=machine
    note processor fact "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1), $(getconf _NPROCESSORS_ONLN) cores"
    note memory fact "$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo 2>/dev/null)"
    note system fact "$(uname -srm); load averages before the first step: $load"
    note cutover fact "$("$cutover" --version), $(git log -1 --format='commit %h of %cs' 2>/dev/null || echo 'no commit')"
    note PostgreSQL fact "$(sql --command 'SHOW server_version'), stock settings, on the same machine"
    if is_in "$tools" pgloader && command -v pgloader >/dev/null; then
        note pgloader fact "$(pgloader --version 2>/dev/null | sed -n 's/.*version //p' | head -n 1 | tr -d '"')"
    fi
    if is_in "$tools" duckdb && find_duckdb; then note DuckDB fact "$duckdb_version"; fi
    note settings fact "\`BENCH_SETS=\"$sets\" BENCH_ROUNDS=$rounds BENCH_SLOW_ROUNDS=$slow_rounds BENCH_SCALE=$scale make bench\`"
}

is_in() { case " $1 " in *" $2 "*) return 0 ;; *) return 1 ;; esac; }

# The file, a copy of it in schema kept, and the copy as the server's own files: what the steps of a set begin with.
prepare() {
    round=0
    name=${set%%:*}
    factor=$(awk -v a="$scale" -v b="$(case $set in *:*) echo "${set#*:}" ;; *) echo 1 ;; esac)" 'BEGIN { print a * b }')
    file=$files/$name-$factor.db
    say "-- $set: making $file"
    [ -e "$file" ] || await "$data" "$name" "$factor" "$file" || fail "$name cannot be made"
    fresh
    await "$cutover" copy --migrate --progress off --from "$file" --to embedded --schema kept >"$scratch/out" 2>&1 ||
        fail "$(cat "$scratch/out")"
    sql --command "SELECT format('%I', relname) FROM pg_class
        WHERE relnamespace = 'kept'::regnamespace AND relkind = 'r' ORDER BY oid" >"$scratch/tables"
    rows=$(count_rows "$PGDATABASE" kept)
    note data bytes "$(wc -c <"$file" | tr -d ' ')"
    note data tables "$(wc -l <"$scratch/tables" | tr -d ' ')"
    note data rows "$rows"
    dump=$scratch/dump
    mkdir -p "$dump"
    if wants raw; then files_of binary bin; fi
    if wants text; then files_of text txt; fi
    if wants copyto; then statements copyto "\\\\copy kept.%1\$s TO '$dump/read' (FORMAT binary)"; fi
    if wants restore; then "$pg_dump" -Fc -Z0 --schema=kept --file="$dump/custom"; fi
    if wants script; then "$pg_dump" --schema=kept --file="$dump/script.sql"; fi
}

# count_rows DATABASE SCHEMA: rows of all its tables.
count_rows() {
    sql --dbname "$1" --command "SELECT coalesce('SELECT sum(n) FROM (' || string_agg(format('SELECT count(*) AS n FROM %I.%I',
        '$2', relname), ' UNION ALL ') || ') AS counts', 'SELECT 0') FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '$2') AND relkind = 'r'" >"$scratch/count.sql"
    sql --dbname "$1" --file "$scratch/count.sql"
}

# statements NAME FORM: a script with FORM for each table; %1$s is its name, %2$s its number.
statements() {
    awk -v form="$2\\n" '{ text = form; gsub(/%1\$s/, $0, text); gsub(/%2\$s/, NR, text); printf "%s", text }' \
        "$scratch/tables" >"$dump/$1.sql"
}

# files_of FORMAT ENDING: every table's rows in a file, and the script that loads them into schema raw.
files_of() {
    statements out "\\\\copy kept.%1\$s TO '$dump/%2\$s.$2' (FORMAT $1)"
    await "$psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file "$dump/out.sql"
    statements "load-$1" "\\\\echo %1\$s\\nBEGIN;\\nTRUNCATE raw.%1\$s;\\n\\\\copy raw.%1\$s FROM '$dump/%2\$s.$2' (FORMAT $1, FREEZE)\\nCOMMIT;"
    statements tables 'CREATE TABLE raw.%1$s (LIKE kept.%1$s);'
}

# fresh: nothing but schema kept, and nothing left to write for the server.
fresh() {
    for schema in bench raw cutover; do drop_tables "$schema"; done
    sql --command 'DROP DATABASE IF EXISTS other' --command 'CREATE DATABASE other' --command 'CHECKPOINT'
}

# A schema of thousands of objects is more than one transaction may lock, and a transaction for each takes long.
drop_tables() {
    sql --command "SELECT 'DROP TABLE ' || string_agg(name, ', ') || ' CASCADE;'
        FROM (SELECT format('%I.%I', '$1', relname) AS name, row_number() OVER () / 500 AS part FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '$1') AND relkind = 'r') AS tables
        GROUP BY part" >"$scratch/drop.sql"
    sql --file "$scratch/drop.sql"
    sql --command "DROP SCHEMA IF EXISTS $1 CASCADE"
}

forget() {
    drop_tables kept
    rm -rf "$dump"
    if [ "$files" = "$scratch" ]; then rm -f "$file"; fi
}

# wants STEP: it was asked for, and means something for this set.
wants() {
    is_in "$only" "$1" || return 1
    case $1:$set in
    whole:*) ;;
    *:*:*) return 1 ;; # growth is measured by whole runs alone
    script:*) [ "$name" = many ] ;;
    text:* | jobs1:*) [ "$name" != app ] && [ "$name" != many ] ;;
    latency:*) [ "$name" = app ] ;;
    pgloader:* | duckdb:*) is_in "$tools" "$1" && [ "$name" != app ] ;;
    esac
}

round_of_steps() {
    for step_of_round in raw text copyto restore script whole off jobs1 verify validate read latency pgloader duckdb; do
        if ! wants "$step_of_round"; then continue; fi
        case $step_of_round in
        text | verify | latency | pgloader | duckdb) [ "$round" -le "$slow_rounds" ] || continue ;;
        esac
        fresh
        "step_$step_of_round"
    done
}

step_raw() { load raw binary; }
step_text() { load text text; }

# load STEP FORMAT: the server's own COPY, a transaction for each table. The time of each is the sum of its statements.
load() {
    sql --single-transaction --command 'CREATE SCHEMA raw' --file "$dump/tables.sql"
    timed "$1" "$psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --command '\timing on' --file "$dump/load-$2.sql" || return 0
    # As in benches/data/facts.rs.
    if [ "$(wc -l <"$scratch/tables")" -gt 5 ]; then return 0; fi
    awk '/^Time:/ { spent[table] += $2 / 1000; next } { table = $0 } END { for (table in spent) print table, spent[table] }' \
        "$scratch/out" >"$scratch/spent"
    while read -r table spent; do note "$1" "table.$table" "$spent"; done <"$scratch/spent"
}

step_copyto() { timed copyto "$psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file "$dump/copyto.sql" || true; }

step_restore() { timed restore "$pg_restore" --jobs=2 --dbname=other --exit-on-error "$dump/custom" || true; }

step_script() {
    timed script "$psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 -1 --dbname=other --output=/dev/null --file "$dump/script.sql" || true
}

step_whole() { copy whole embedded; }
step_off() { copy off embedded --verify off; }
# For its copy phase alone.
step_jobs1() { copy jobs1 embedded --jobs 1 --verify off; }

# copy STEP TARGET OPTIONS…: a whole run, with the seconds of its parts.
copy() {
    step=$1 target=$2
    shift 2
    rm -f "$scratch/report.json"
    timed "$step" "$cutover" copy --migrate --progress json --report "$scratch/report.json" \
        --from "$file" --to "$target" --schema bench "$@" || return 0
    "$data" facts "$scratch/report.json" "$scratch/err" >"$scratch/facts"
    while IFS=$tab read -r measure value; do note "$step" "$measure" "$value"; done <"$scratch/facts"
}

step_verify() { timed verify "$cutover" verify --progress off --from "$file" --to embedded --schema kept || true; }
step_validate() { timed validate "$cutover" copy --validate --progress off --from "$file" --to embedded --schema bench || true; }

step_read() {
    seconds=$("$data" read "$file")
    note read seconds "$seconds"
    say "   read $seconds s"
}

# The same copy over TCP, at once and through lines that answer late.
step_latency() {
    for delay in 0 1 10 50; do
        fresh
        port=$PGPORT
        if [ "$delay" -gt 0 ]; then open_line "$delay"; fi
        copy "latency-$delay" "host=127.0.0.1 port=$port user=$PGUSER dbname=$PGDATABASE passfile=$scratch/pgpass sslmode=disable"
        close_line
    done
}

open_line() {
    # The port of an earlier line must not be read for this one's.
    : >"$scratch/line"
    "$data" proxy 0 "127.0.0.1:$PGPORT" "$1" >>"$scratch/line" </dev/null &
    line=$!
    port=''
    while [ -z "$port" ]; do
        kill -0 "$line" 2>/dev/null || fail 'the slow line does not open'
        read -r port <"$scratch/line" || sleep 0.1
    done
}

close_line() {
    [ -n "$line" ] || return 0
    kill "$line" 2>/dev/null || true
    wait "$line" 2>/dev/null || true
    line=''
}

step_pgloader() {
    if ! command -v pgloader >/dev/null; then missed pgloader 'not measured: not installed'; return 0; fi
    # As it comes it may exhaust its heap on large tables; on small ones the number of rows at once does not matter.
    if [ "$round" -eq 1 ] && [ "$name" != many ]; then pgloader_with pgloader-defaults ''; fi
    fresh
    pgloader_with pgloader ', prefetch rows = 5000'
}

# pgloader_with STEP OPTION
pgloader_with() {
    address="$PGUSER:$password@127.0.0.1:$PGPORT/other"
    (umask 077 && printf 'LOAD DATABASE FROM sqlite://%s INTO postgresql://%s\nWITH %s%s;\n' "$file" "$address" \
        'include drop, create tables, create indexes, reset sequences' "$2" >"$scratch/pgloader.load")
    notes=$scratch/part
    : >"$notes"
    timed "$1" pgloader --client-min-messages error "$scratch/pgloader.load" || true
    settle "$1" public
}

# settle STEP SCHEMA: what was noted meanwhile counts only if all rows arrived.
settle() {
    notes=$results
    moved=$(count_rows other "$2")
    if [ "$moved" = "$rows" ]; then
        cat "$scratch/part" >>"$results"
    else
        missed "$1" "$(sed -n "s/^.*${tab}note${tab}\(.*\)\$/\1, /p" "$scratch/part" | head -n 1)$moved of $rows rows arrived"
    fi
}

# The program or the Python module, whichever is there, with both extensions; the first that has all is used.
find_duckdb() {
    [ -z "${duckdb_version:-}" ] || return 0
    for duckdb in program module; do
        duckdb_version=$(duckdb_sql "SELECT 'version ' || version();" | sed -n 's/.*\(version [v0-9.]*\).*/\1/p') || continue
        [ -n "$duckdb_version" ] || continue
        for extension in sqlite postgres; do
            duckdb_sql "LOAD $extension;" >/dev/null || duckdb_sql "INSTALL $extension;" >/dev/null || continue 2
        done
        return 0
    done
    duckdb_version=''
    return 1
}

duckdb_sql() {
    printf '%s\n' "$1" >"$scratch/duckdb.sql"
    sh -c "$(duckdb_line)" duckdb "$scratch/duckdb.sql" 2>/dev/null
}

# A line for a shell that runs the file "$1".
duckdb_line() {
    case $duckdb in
    program) echo 'duckdb -bail <"$1"' ;;
    module) echo 'python3 -c "import duckdb, sys; print(duckdb.execute(open(sys.argv[1]).read()).fetchall())" "$1"' ;;
    esac
}

# Each table as DuckDB makes it; then the keys and indexes that cutover made, by psql.
step_duckdb() {
    if ! find_duckdb; then missed duckdb 'not measured: not installed, or without its extensions'; return 0; fi
    sql --dbname other --command 'CREATE SCHEMA kept'
    "$pg_dump" --schema=kept --section=post-data --file="$dump/keys.sql"
    statements duckdb 'CREATE TABLE target.kept.%1$s AS SELECT * FROM source.%1$s;'
    {
        echo 'LOAD sqlite; LOAD postgres;'
        echo "ATTACH '$file' AS source (TYPE sqlite, READ_ONLY);"
        echo "ATTACH 'host=127.0.0.1 port=$PGPORT user=$PGUSER dbname=other passfile=$scratch/pgpass' AS target (TYPE postgres);"
        cat "$dump/duckdb.sql"
        echo 'SELECT 1;'
    } >"$dump/duckdb-all.sql"
    notes=$scratch/part
    : >"$notes"
    timed duckdb sh -c "set -e
        $(duckdb_line) >&2
        \"\$2\" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname=other --output=/dev/null --file \"\$3\"" \
        duckdb "$dump/duckdb-all.sql" "$psql" "$dump/keys.sql" || true
    settle duckdb kept
}
