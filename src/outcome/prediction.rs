//! What a run is expected to take, from a rehearsal (`copy --rehearse`): time, disk, WAL, and on what that rests.

use serde::{Deserialize, Serialize};

/// What `copy --migrate` is expected to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// how it was measured
    pub method: Method,
    /// where, and how much of the data
    pub measured_on: MeasuredOn,
    /// seconds from the command to its end
    pub seconds: Window,
    /// relative scatter of the measurement from which `p90` follows
    pub scatter: f64,
    /// the parts of a run, one after the other; they sum to `seconds.p50`
    pub phases: Vec<PhaseSeconds>,
    /// rows that will be copied
    pub rows: u64,
    /// bytes that they weigh in the source
    pub bytes: u64,
    /// bytes that the target will hold afterwards
    pub disk: DiskNeed,
    /// bytes of write-ahead log that the run will write; absent where the server does not tell
    pub wal_bytes: Option<u64>,
    /// the largest tables, the largest first
    pub tables: Vec<TablePrediction>,
    /// in what the measurement differs from the real run, as sentences
    pub notes: Vec<String>,
}

/// How a prediction was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// the whole migration, into a scratch database of the embedded server
    Embedded,
    /// the whole migration, into a scratch schema of the target
    Schema,
    /// a sample of the largest tables, in transactions of the target that were rolled back
    Probe,
}

impl Method {
    /// The word that asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Method::Embedded => "embedded",
            Method::Schema => "schema",
            Method::Probe => "probe",
        }
    }
}

/// On what a prediction rests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredOn {
    /// host or socket of the server that was measured
    pub host: String,
    /// its version
    pub server_version: String,
    /// connections that worked at once
    pub connections: u64,
    /// cores of the machine on which this tool ran
    pub cores: u64,
    /// how long the measurement took
    pub seconds: f64,
    /// rows that were measured
    pub rows: u64,
    /// bytes that they weigh in the source
    pub bytes: u64,
    /// milliseconds of a question and its answer, the median of some
    pub round_trip_ms: f64,
    /// milliseconds of a commit that waits for the disk; absent where it could not be measured
    pub commit_ms: Option<f64>,
}

/// When a run is expected to have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// by then in half of all cases
    pub p50: f64,
    /// by then in nine of ten
    pub p90: f64,
}

/// One part of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseSeconds {
    /// `plan`, `prepare`, `copy`, `finish`
    pub phase: String,
    /// how long it takes
    pub seconds: f64,
}

/// What the target will hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskNeed {
    /// rows, with what is stored out of line
    pub heap_bytes: u64,
    /// indexes
    pub index_bytes: u64,
}

impl DiskNeed {
    /// Both.
    pub fn total(self) -> u64 {
        self.heap_bytes + self.index_bytes
    }
}

/// One table of a prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TablePrediction {
    /// its name in the source
    pub table: String,
    /// its rows
    pub rows: u64,
    /// bytes that they weigh in the source
    pub bytes: u64,
    /// bytes that it will take
    pub disk: DiskNeed,
    /// seconds of work for it, of all connections: copying, comparing, keys and indexes
    pub seconds: f64,
    /// its part of that work of all tables, 0 to 1
    pub share: f64,
}

impl Prediction {
    /// Seconds of one part of a run; 0 for one that is not there.
    pub fn phase(&self, name: &str) -> f64 {
        self.phases.iter().filter(|phase| phase.phase == name).map(|phase| phase.seconds).sum()
    }
}
