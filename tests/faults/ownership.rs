//! Two runs, paused runs, runs whose host is gone.
