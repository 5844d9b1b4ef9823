//! The repository as a whole, over a store in memory.
