//! Every bound, with its reason beside it.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Bytes of one frame handed to a connection. Below 256 KiB the socket calls dominate
/// (measured: 64 KiB to 256 KiB gains, more than 1 MiB gains nothing and costs memory).
pub const FRAME_BYTES: usize = 512 * 1024;

/// A payload above this is sent in slices of a frame instead of being copied whole into a buffer, so that
/// a 200 MB blob is held once, by SQLite, and not twice.
pub const LARGE_VALUE_BYTES: usize = 256 * 1024;

/// Bytes that are read at once from a connection while a COPY has it: rows are decoded where they lie, so that this is
/// also how many are looked at for each time that the task wakes.
pub const READ_BYTES: usize = 256 * 1024;

/// A piece of a COPY's stream up to this is copied behind what waits to be written; a larger one is written as it is.
pub const SMALL_DATA_BYTES_MAX: usize = 8 * 1024;

/// Bytes of messages that wait to be written together: many small tables make few calls of the system.
pub const GATHERED_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one message of the server that are kept, where it is not data. An error's code comes first in it; what is
/// longer quotes a value.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How long a COPY waits for answers to what its session was asked before. They are awaited by whoever asked, so that
/// this passes only where somebody did not.
pub const TURN_WAIT: Duration = Duration::from_secs(10);

/// A BLOB above this is never fetched whole through its column but read in slices of a frame, so that memory does not grow
/// with it. Each such row costs a few statements of its own: nothing beside 16 MiB that are read, and much beside less.
pub const LARGE_BLOB_BYTES_MIN: i32 = 16 * 1024 * 1024;

/// Frames that may wait between a reader and its connection: enough to keep both busy, few enough to bound memory.
pub const FRAME_QUEUE_DEPTH: usize = 4;

/// Bytes of rows in one chunk, in which differences are looked for; also the unit that commits, and so a bound of what a
/// crash can lose, of tables above [`WHOLE_TABLE_BYTES_MAX`] and of those that were there before.
pub const CHUNK_BYTES: u64 = 64 * 1024 * 1024;

/// Rows in one chunk, so that very narrow rows do not make a chunk that takes minutes.
pub const CHUNK_ROWS: u64 = 4_000_000;

/// Bytes of a table that is loaded in one transaction, with FREEZE, although it has more chunks than one: what a crash can
/// lose is then the table. A gigabyte is half a minute of work (measured: 30 MB a second and more).
pub const WHOLE_TABLE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Bytes of a table that shares its transaction with others: eight pages, for which the new files that TRUNCATE and FREEZE
/// bring along cost more than they save.
pub const SMALL_TABLE_BYTES_MAX: u64 = 64 * 1024;

/// Small tables in one transaction, when they are loaded and when they are finished: enough that its own round trips count no more, few enough that their locks (four each at
/// the most) leave room in the server's table of 6,400 for those of four connections and of everybody else.
pub const SMALL_TABLES_AT_ONCE: usize = 100;

/// Bytes of all of them, which are read into memory before the transaction begins.
pub const SMALL_TABLES_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Bytes of statements that are sent together: about five hundred tables, so that round trips count no more. The server
/// parses all before it runs the first, which takes some megabytes of its memory.
pub const STATEMENTS_BYTES_MAX: usize = 128 * 1024;

/// Values of the rowid below which a table is profiled in one piece: about 10 ms of work, against some 0.1 ms that a piece
/// costs by itself.
pub const PIECE_ROWIDS_MIN: u64 = 32 * 1024;

/// Pieces into which a large table's profile is cut, for each connection: enough that all end at about the same time
/// although rowids are not spread evenly.
pub const PIECES_PER_JOB: u64 = 4;

/// Rows and bytes that a piece of a profile weighs together: a chunk that ends inside such a block costs a second look at
/// it, and 32 bytes are kept for each.
pub const BLOCK_ROWS: u64 = 4096;

/// See [`BLOCK_ROWS`].
pub const BLOCK_BYTES: u64 = 512 * 1024;

/// Connections that load at once by default: more than four fight over the same relation extension lock.
pub const JOBS_DEFAULT_MAX: usize = 4;

/// Connections that may be asked for at all.
pub const JOBS_MAX: usize = 64;

/// Short rows that are hashed at once, the lanes of the widest vectors (AVX-512): less leaves some of them idle, more
/// gains nothing. So many of each of 1 to 16 blocks of 64 bytes may wait, 139 KB for each chunk under way and each table
/// that is read back.
pub const ROWS_HASHED_AT_ONCE: usize = 16;

/// Bytes of rows set aside that a reader holds in memory until the COPY of its chunk has ended; more goes into a temporary
/// file. Large enough for the usual handful of rows, small beside the frames.
pub const SET_ASIDE_MEMORY_BYTES: usize = 4 * 1024 * 1024;

/// Keys of rows set aside that are read ahead of a scan, or written, at once: 64 kB.
pub const SET_ASIDE_KEYS_AT_ONCE: usize = 4096;

/// Rows set aside that `status --set-aside` lists; a query on the target gives all.
pub const SET_ASIDE_LISTED_MAX: u64 = 100;

/// How long one attempt to connect may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How often `status --watch` looks, where nothing else is asked for: often enough to see it move.
pub const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// It never looks more often than this: each look counts the ledger's chunks.
pub const WATCH_INTERVAL_MIN: Duration = Duration::from_millis(200);

/// How long `status --watch` waits for a copy to begin: long enough to type its command in another terminal.
pub const WATCH_BEGIN_WAIT: Duration = Duration::from_secs(30);
/// Empty statements whose median is the round trip: enough that one slow answer does not count.
pub const LINK_ROUNDS: usize = 9;

/// Bytes that are fetched to see what a link carries, in steps: a slow one is not held up by the last.
pub const LINK_PROBE_BYTES: [usize; 3] = [64 * 1024, 1024 * 1024, 8 * 1024 * 1024];

/// A step of that probe which took as long says enough.
pub const LINK_PROBE_MIN: Duration = Duration::from_millis(100);

/// Major versions of PostgreSQL that are tested; others are told.
pub const SERVER_VERSIONS: RangeInclusive<u32> = 13..=18;

/// Rows of one batch that the server tries before a copy, and their bytes: enough that round trips count no more, and held
/// twice at the most.
pub const TRY_ROWS: usize = 10_000;

/// See [`TRY_ROWS`].
pub const TRY_BYTES: usize = 4 * 1024 * 1024;

/// Keys of a unique index over expressions that are held to find equal ones, 16 bytes each: 64 MB. Of larger tables it is
/// said that they are not tried.
pub const TRY_KEYS_MAX: u64 = 4_000_000;

/// Clocks of two hosts that are further apart than this are told: a log is read against the other one.
pub const CLOCKS_APART_MAX: Duration = Duration::from_secs(2);

/// Events that wait for a screen that is not being read; of more, those of single tables and objects are left out. About
/// 150 bytes each, so 1.5 MB; a thousand tables make some eight thousand in all.
pub const SCREEN_EVENTS_MAX: usize = 10_000;

/// Silence on a TCP connection before the first keepalive probe. The kernel's two hours would leave a copy hanging
/// on a host that vanished; 15 s + 3 × 5 s finds out within half a minute.
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);

/// Time between keepalive probes.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Keepalive probes without an answer after which the connection is dead.
pub const KEEPALIVE_COUNT: u32 = 3;

/// How long data we sent may stay unacknowledged before the connection is dead (a half-open link still "accepts").
pub const TCP_USER_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a backend that runs a statement of ours looks whether we are still there (PostgreSQL 14 and newer).
pub const CLIENT_CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// How often two connections are asked in turns which backends serve them, where a pooler is in between: one that lends by
/// the transaction gives back the backend that was used last, as a rule at the first turn.
pub const POOLER_ROUNDS: usize = 8;

/// How long we wait for the driver's task to tell why a connection ended, and for a session to say goodbye.
pub const GOODBYE_WAIT: Duration = Duration::from_secs(2);

/// How long a statement of ours waits for a lock that another session holds.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a new run waits for the sessions of a killed one to go away before it says that another run is active.
pub const HANDOVER_WAIT: Duration = Duration::from_secs(10);

/// How long an owner that is not heard from keeps its place: long enough for a pause of a busy machine, short enough that
/// somebody who waits for a vanished host sees it for what it is.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often an owner shows that it is alive: twice may go wrong before the lease is over.
pub const LEASE_BEAT: Duration = Duration::from_secs(10);

/// How long work waits for a lease session that is being replaced, before the target counts as failed.
pub const LEASE_REGAIN_WAIT: Duration = Duration::from_secs(60);

/// How long a new run waits for the sessions of an owner that has fallen silent. The server ends those of a host that
/// vanished within this time ([`KEEPALIVE_IDLE`], [`TCP_USER_TIMEOUT`]).
pub const ORPHAN_WAIT: Duration = Duration::from_secs(60);

/// Silence of the server on a connection where its answer is awaited, after which its backend is looked at.
pub const LOOK_AFTER: Duration = Duration::from_secs(10);

/// The same, after which the attempt is given up where nothing can come any more. With the look itself, which may take
/// [`CONNECT_TIMEOUT`], less than the minute that is promised.
pub const STALL: Duration = Duration::from_secs(30);

/// How often a backend that is at work, as it should be, is looked at again.
pub const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// After this a statement that goes on is told of.
pub const LONG_WORK: Duration = Duration::from_secs(120);

/// After this a validated plan is warned of: in a week an application is released and its data grows, and assessments of other
/// migration services expire after the same time.
pub const PLAN_OLD_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest report that `--plan` reads: one of ten thousand tables with fifty columns each has half of it.
pub const PLAN_FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Changes of a plan that are told one by one, for each source: with other options every table may be another.
pub const PLAN_CHANGES_MAX: usize = 50;

/// How long causes that can pass are tried again unless `--retry-for` says otherwise, since the last progress: a server that
/// is restarted, with its recovery, is back within it as a rule.
pub const RETRY_FOR: Duration = Duration::from_secs(5 * 60);

/// The wait before the first further attempt; each wait after it is twice as long.
pub const RETRY_WAIT_MIN: Duration = Duration::from_millis(250);

/// The longest wait between two attempts: a server that is back is noticed within it.
pub const RETRY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How often a run does again what a server forgot that crashed although it had acknowledged it: each time takes a crash.
pub const LOST_ROUNDS_MAX: usize = 10;

/// How long SQLite waits for another process's lock on the source.
pub const SOURCE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// After Ctrl-C, a chunk under way may still commit within this time; then it is rolled back.
pub const INTERRUPT_GRACE: Duration = Duration::from_secs(3);

/// How long a stopped run tries to write down that it was stopped. With the grace before it, the process ends within the
/// five seconds that are promised.
pub const RECORD_WAIT: Duration = Duration::from_secs(1);

/// Bytes of a value that a source's file need not be large enough for: a generated column may compute one that is stored
/// nowhere, and a file of a few pages must not take gigabytes of memory.
pub const SOURCE_VALUE_BYTES_FLOOR: u64 = 64 * 1024 * 1024;

/// Bytes of one statement on a source, those of its own schema among them. SQLite keeps a tree of each for each connection, in
/// which a list of numbers takes a hundred times its text; 2000 columns of 63 bytes, each named four times, take half of this.
pub const SOURCE_SQL_BYTES_MAX: i32 = 1024 * 1024;

/// Bytes of a statement of a source's schema that is read for its expressions, which take a hundred times as much memory. Of a
/// longer one only what SQLite itself tells is carried, and that is said.
pub const OBJECT_BYTES_MAX: usize = 256 * 1024;

/// Tables that a view of a source may stand for, with the views within it: SQLite takes a tenth of a second for so many, and
/// as much again for each view. Of one that names more, no columns are asked for.
pub const VIEW_TABLES_MAX: u64 = 2000;

/// Columns of a table of a source: as many as SQLite is compiled for.
pub const SOURCE_COLUMNS_MAX: i32 = 2000;

/// Depth of an expression of a source: SQLite's own default, said here so that no build raises it; SQLite recurses, too.
pub const SOURCE_EXPR_DEPTH_MAX: i32 = 1000;

/// SELECTs that a view joins by UNION: SQLite's own default, said here so that no build raises it.
pub const SOURCE_COMPOUND_MAX: i32 = 500;

/// Arguments of a function: SQLite's own default, said here so that no build raises it.
pub const SOURCE_ARGUMENTS_MAX: i32 = 1000;

/// Instructions of one statement on a source, 24 bytes each: a table of 2000 columns takes about 40,000.
pub const SOURCE_INSTRUCTIONS_MAX: i32 = 1_000_000;

/// Bytes of a pattern of LIKE or GLOB in a generated column: the time grows with the product of pattern and text.
pub const SOURCE_PATTERN_BYTES_MAX: i32 = 5000;

/// Parameters of a statement on a source: ours have few.
pub const SOURCE_PARAMETERS_MAX: i32 = 1000;

/// Tables of a rehearsal that are dropped in one statement: each takes a lock for itself, its indexes and its TOAST table,
/// and a server has 6,400 for all by default.
pub const SCRATCH_DROP_TABLES: usize = 200;

/// Questions by which the way to a server is measured: their median bears one that was delayed.
pub const ROUND_TRIPS_MEASURED: usize = 11;

/// Tables that a prediction lists: beyond the largest ten, none bears on when it ends.
pub const PREDICTED_TABLES_MAX: usize = 10;

/// How often a rehearsal looks how far its tables are: within one look, seconds of work and not of waiting for a frame.
pub const GAUGE_TICK: Duration = Duration::from_secs(1);

/// Ticks that are taken as independent of each other: what disturbs a machine (a checkpoint, a neighbour) lasts for many.
pub const SCATTER_BLOCKS_MAX: usize = 8;

/// The part of the largest tables that a probe measures.
pub const PROBE_PART: f64 = 0.02;

/// Bytes that a probe measures at least, where the file has them: a sample that loads in less than a tenth of a second
/// measures the beginning of things and not their pace.
pub const PROBE_BYTES_MIN: u64 = 24 * 1024 * 1024;

/// Bytes that a probe measures at most: some seconds, and as much write-ahead log.
pub const PROBE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Tables that a probe measures: the largest, and of many small ones enough to know what one costs.
pub const PROBE_TABLES_MAX: usize = 16;

/// A table up to this is measured whole: its strips would be a page each.
pub const PROBE_WHOLE_BYTES_MAX: u64 = 256 * 1024;

/// Strips of a table that are measured: early rows are often others than late ones.
pub const PROBE_STRIPS: u32 = 4;

/// Rows of which ANALYZE takes its sample: 300 for each step of the default statistics target of 100.
pub const ANALYZE_ROWS: u64 = 30_000;

/// How much longer the whole takes than its sample says: flushes, checkpoints, and the last steps that have no other beside
/// them come only with size. The median of nine runs of three files took 1.15 times what was calculated, a twentieth of it
/// for ANALYZE, which is calculated by itself since (docs/rehearsal.md).
pub const PROBE_STRAIN: f64 = 1.1;

/// Relative scatter of a probe against the run: with it, p90 is a fifth above p50. Nine runs scattered by 15 %.
pub const PROBE_SCATTER: f64 = 0.15;

/// Relative scatter of a run that no measurement within one run shows: what differs from run to run (caches, checkpoints)
/// is the same within one. Nine runs of three files, one after the other on an idle machine, scattered by 8 %.
pub const SCATTER_MIN: f64 = 0.08;

/// Operations of SQLite's machine in which the schema of a source must have been read: some seconds, of which ten thousand
/// tables of fifty columns take less than a tenth.
pub const SCHEMA_OPERATIONS_MAX: u64 = 500_000_000;

/// Bytes of stack of each thread of the runtime. Trees of expressions are walked by recursion, 250 levels deep, and a
/// level takes up to 20 KiB where nothing is optimised; memory is taken only as it is used.
pub const THREAD_STACK_BYTES: usize = 16 * 1024 * 1024;

/// How long a stopped run asks the server to cancel what it left there; a server that does not listen finds out by itself.
pub const CANCEL_WAIT: Duration = Duration::from_millis(300);

/// After this, a run that was asked to stop ends, whatever holds it (a disk, a screen): the five seconds that are promised,
/// less a moment to end in.
pub const STOP_WAIT: Duration = Duration::from_millis(4800);

/// Bytes of arguments with a password that are handed on when the process begins once more: a pipe holds a page at least,
/// and nobody reads it before all is written.
pub const VEILED_BYTES_MAX: usize = 4096;

/// Bytes of a password that is typed at a terminal, which takes no longer line.
pub const PASSWORD_BYTES_MAX: u64 = 4096;

/// Open files that a run needs beside those of its connections: standard streams, the source, the runtime, a report
/// (measured: 12).
pub const FILES_MIN: u64 = 16;

/// Open files for each connection: its socket, and a reader with the file, its log and the log's index.
pub const FILES_PER_JOB: u64 = 4;

/// Threads beside those of the connections: the runtime's, the screen's, the one that ends a stop.
pub const THREADS_MIN: u64 = 8;

/// Threads for each connection: a reader, and one that hashes or looks at rows.
pub const THREADS_PER_JOB: u64 = 2;

/// Stack of a thread that is only tried.
pub const THREAD_TRIED_BYTES: usize = 64 * 1024;

/// Bytes of addresses that a run needs: the system's allocator reserves up to 128 MiB for a thread that allocates, of which
/// it uses little, and each thread takes its stack (measured with two connections: of 660 MB it runs out now and then).
pub const ADDRESS_SPACE_BYTES_MIN: u64 = 768 * 1024 * 1024;

/// Bytes of addresses for each connection.
pub const ADDRESS_SPACE_BYTES_PER_JOB: u64 = 96 * 1024 * 1024;

/// Bytes of identifier that PostgreSQL keeps (NAMEDATALEN − 1).
pub const NAME_BYTES_MAX: usize = 63;

/// Columns of a PostgreSQL table.
pub const COLUMNS_MAX: usize = 1600;

/// Partitions of a table that is created, the default one not counted: more than a year of days, or forty of months. All
/// are made, indexed and dropped in single transactions, each of which locks every partition, its TOAST table and its
/// indexes: about 8 locks each, of the 6,400 that a server has room for by default (`max_locks_per_transaction` × connections).
pub const PARTITIONS_MAX: usize = 500;

/// Sequences that one query looks at: of 512 at once the planner made ten seconds (measured), of these it makes none.
pub const SEQUENCES_AT_ONCE: usize = 16;

/// Steps that are one transaction: as many locks again as there are tables in it, twice.
pub const GROUP_STEPS_MAX: usize = 512;

/// Columns of a PostgreSQL index.
pub const INDEX_COLUMNS_MAX: usize = 32;

/// Bytes of one field that a binary COPY takes (measured: 1,073,741,770 in, 1,073,741,800 refused).
pub const FIELD_BYTES_MAX: usize = 1_073_741_000;

/// Bytes of all fields of one row.
pub const ROW_BYTES_MAX: u64 = 1_073_000_000;

/// A value above this is worth a note: as text, in which `bytea` doubles, it comes near the gigabyte at which `pg_dump` and
/// text COPY fail (measured: above about 500 MB).
pub const LARGE_NOTE_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// Bytes of one heap tuple on a page.
pub const HEAP_ROW_BYTES_MAX: u64 = 8160;

/// Bytes of one btree key, before compression.
pub const INDEX_KEY_BYTES_MAX: u64 = 2704;

/// Rows named as examples in a finding.
pub const EXAMPLES_MAX: usize = 5;

/// Differing rows that a report lists per table: enough to see the pattern, and a report of a table that differs
/// everywhere stays a page. The counts beside the list are of all.
pub const DIFFERENCES_LISTED_MAX: usize = 100;

/// Different rows that are told apart at once while a difference is looked for in a table without an integer key:
/// about 160 bytes each, so 42 MB (63 MB while the map grows), for one table at a time: within the promised memory.
pub const LOCATE_ROWS_MAX: usize = 200_000;

/// Rows of one side that are compared with rows of the other to find which of them belong together: each with each.
pub const LOCATE_CANDIDATES_MAX: usize = 256;

/// Cells that those rows may have on one side, for tables of many columns: about 80 bytes each.
pub const LOCATE_CELLS_MAX: usize = 100_000;

/// Rows handed from the reader of the source to the comparison at once: 50 bytes each.
pub const LOCATE_BATCH_ROWS: usize = 4096;

/// Bytes of one value that `--show-values` shows, before it is cut.
pub const SHOWN_VALUE_BYTES_MAX: usize = 200;

/// Samples that a report keeps of how far a phase had come: a picture of a thousand points wide shows no more.
pub const RATE_SAMPLES_MAX: usize = 240;

/// How often the counters are looked at: a minute of work has its 240 samples, a longer one has them further apart.
pub const RATE_SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// Bytes of a report as a page: a browser of a phone opens that at once, and a mail takes it.
pub const PAGE_BYTES_MAX: usize = 2_000_000;

/// Bytes of a report as Markdown: GitHub takes 65,536 characters for a pull request, and somebody may write beside it.
pub const MARKDOWN_BYTES_MAX: usize = 60_000;

/// Stretches of phases that a report tells apart: a run has about a dozen; one whose server crashes again and again has
/// more, and its last ones are told as one.
pub const PHASE_SPANS_MAX: usize = 64;

/// An existing table's secondary indexes are dropped for the load when at least this much will arrive:
/// below it, rebuilding costs more than it saves.
pub const INDEX_DROP_BYTES_MIN: u64 = 8 * 1024 * 1024;

/// How long the embedded server may take to start (crash recovery included) or to stop.
pub const EMBEDDED_WAIT: Duration = Duration::from_secs(60);

/// How long making the embedded cluster may take: initdb writes about 40 MB and syncs them.
pub const EMBEDDED_CREATE_WAIT: Duration = Duration::from_secs(180);

/// How long a process waits for another one that is starting or stopping the same embedded cluster.
pub const EMBEDDED_LOCK_WAIT: Duration = Duration::from_secs(240);

/// Bytes of a Unix socket's directory: macOS allows 103 for the whole path, the file's name takes 15.
pub const SOCKET_DIR_BYTES_MAX: usize = 85;

/// Pages that a backup copies between two looks whether to stop: 4 MiB of usual pages, some milliseconds.
pub const BACKUP_PAGES_AT_ONCE: i32 = 1024;

/// How often in a row a backup finds pages locked before it gives up; the snapshot's lock is held, so that this is rare.
pub const BACKUP_BUSY_ROUNDS_MAX: u32 = 500;

/// Bytes that are to be free beyond the backups themselves: their checksums, and what a file system takes for itself.
pub const BACKUP_ROOM_MARGIN: u64 = 1024 * 1024;

/// Bytes that are read at once to hash a file.
pub const FILE_HASH_BYTES: usize = 1024 * 1024;

/// How long `--freeze` waits for writers that are in the middle of a transaction.
pub const FREEZE_WAIT: Duration = Duration::from_secs(60);

/// How long one attempt at that lock waits: a stop is noticed within it.
pub const FREEZE_SLICE: Duration = Duration::from_millis(250);

/// How long a hook may take that says nothing of it: a service that is stopped, a message that is sent.
pub const HOOK_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// How long a hook's processes may take to end after SIGTERM, before SIGKILL.
pub const HOOK_KILL_WAIT: Duration = Duration::from_millis(500);

/// What is left of the five seconds of a stop for `on_failure`: the grace is shorter by it where there are such hooks.
pub const HOOK_STOP_WAIT: Duration = Duration::from_secs(1);

/// Bytes of a hook's output that are kept, its last ones.
pub const HOOK_OUTPUT_BYTES: usize = 4096;

/// Lines of them that are shown.
pub const HOOK_LINES_MAX: usize = 20;

/// How often a run looks whether it will meet its deadline.
pub const DEADLINE_LOOK: Duration = Duration::from_secs(1);

/// Operations of SQLite's machine that one statement of a script may take in a database of ours to try it in: some seconds.
pub const SCRATCH_OPERATIONS_MAX: u64 = 100_000_000;

/// Pages of such a database, of 4 KiB: 256 MiB, more than a schema with its first rows comes near.
pub const SCRATCH_PAGES_MAX: u32 = 65_536;

/// Bytes of one value there.
pub const SCRATCH_VALUE_BYTES_MAX: i32 = 16 * 1024 * 1024;

/// Bytes of one script: what is longer holds data, which `copy` is for.
pub const SCRIPT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Cells of one query's result that are held to be compared, of each side: 16 bytes each. A page of an application, or a
/// report, has thousands.
pub const QUERY_CELLS_MAX: usize = 2_000_000;

/// How long one query may take on either side: an application's own patience ends sooner.
pub const QUERY_WAIT: Duration = Duration::from_secs(60);

/// How often a query is run on each side to be timed, at most: more rounds change no percentile that anybody would act on.
pub const QUERY_ROUNDS_MAX: u32 = 1000;

/// How often it is by itself: enough that one that was disturbed is not the median.
pub const QUERY_ROUNDS: u32 = 5;

/// A query is slow where the target takes so many times as long as the source at the 95th percentile …
pub const SLOW_TIMES: f64 = 3.0;

/// … and so many milliseconds more: SQLite has no connection between it and its user, and what a person cannot notice even
/// where a page asks several times is no loss.
pub const SLOW_MORE_MS: f64 = 20.0;

/// Two numbers of which at least one was computed in floating point are equal where they differ by this part of the larger: a
/// sum over a million values, added up in another order, differs by less.
pub const NUMBERS_APART: f64 = 1e-9;

/// … or by this much, where they are next to zero because larger ones cancelled.
pub const NUMBERS_APART_ABSOLUTE: f64 = 1e-12;

/// Bytes of a plan that a report keeps.
pub const PLAN_BYTES_MAX: usize = 16 * 1024;

const _: () = assert!(LEASE_BEAT.as_secs() * 3 <= LEASE.as_secs());
const _: () = assert!(STALL.as_secs() + CONNECT_TIMEOUT.as_secs() < 60);
const _: () = assert!(LOOK_AFTER.as_secs() * 2 <= LOCK_TIMEOUT.as_secs());
const _: () = assert!(LARGE_VALUE_BYTES <= FRAME_BYTES);
const _: () = assert!(SMALL_TABLE_BYTES_MAX <= SMALL_TABLES_BYTES_MAX);
const _: () = assert!(SMALL_TABLES_BYTES_MAX <= (FRAME_QUEUE_DEPTH * FRAME_BYTES) as u64);
const _: () = assert!(FRAME_BYTES >= 256 * 1024);
const _: () = assert!(
    INTERRUPT_GRACE.as_millis() + RECORD_WAIT.as_millis() + 2 * CANCEL_WAIT.as_millis()
        < STOP_WAIT.as_millis()
);
