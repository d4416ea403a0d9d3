//! Context documents: the state of the world, each file read by what it says it is.

mod envelope;

pub(crate) use self::envelope::Envelope;
pub use self::envelope::Header;
