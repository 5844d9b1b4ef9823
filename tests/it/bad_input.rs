//! Whatever comes in, the server answers, says what is wrong, and goes on.

mod bodies;
mod connections;
mod endpoints;
mod garbage;
mod paths;
mod sweeps;
mod tokens;
