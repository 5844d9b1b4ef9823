//! Servers that lie: every way in for events of others, with everything that can be wrong about an event.
//!
//! A peer inside the test says what no honest server says. What is wrong must have no effect, what is right beside it
//! must have its own, and the room must go on.

mod fetched;
mod flaws;
mod handed_in;
mod hosted;
mod invited;
mod pushed;
mod reached;
mod taken_over;
mod templates;
mod units;
