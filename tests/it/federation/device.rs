//! The area `device`: what other servers are told of devices, and what they tell.

mod announced;
mod get_devices;
mod heard;
