//! The area `backfill`.

mod get_backfill;
