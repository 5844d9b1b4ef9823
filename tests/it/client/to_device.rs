//! Messages from device to device.

mod send_event_to_device;
