//! Receiving: how events of other servers come into rooms.
//! <https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu>

pub mod handover;
