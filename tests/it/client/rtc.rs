//! Calls between more than two people.

mod transports;
