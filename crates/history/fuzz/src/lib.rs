//! The decoders of history that need no frames, and what the fuzz targets do with them.
//!
//! The modules are history's own files, in the places in which they name each other there.
#![allow(dead_code, unused_imports)]

#[path = "../../src/codec.rs"]
mod codec;
mod files;

pub use files::{csv, lines, row};
