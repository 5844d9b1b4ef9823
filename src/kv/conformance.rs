//! What every engine must do, as a suite that an engine's tests run: an engine is correct when it passes.
//! What only a durable engine can show (reopening, checkpoints) is in [`run_durable`].
