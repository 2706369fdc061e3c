//! Random schedules against a model.
