//! Threads.

mod get_threads;
