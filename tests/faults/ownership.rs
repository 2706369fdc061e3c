//! Two runs, paused runs, runs whose host is gone.

// twenty starts at once
#[cfg(feature = "failpoints")]
mod crowd;
// owners that fall silent, are paused, or lose their session
#[cfg(feature = "failpoints")]
mod owner;
// connections on which nothing comes, and whoever is in the way
#[cfg(feature = "failpoints")]
mod silence;
