//! Delivering to other servers, and receiving what they deliver: transactions, cursors, catching up.
//!
//! Deliberately absent: what an event means (`rooms`), and how a server is reached (`peers`).
