//! Pictures of every sort through the whole of scaling.
