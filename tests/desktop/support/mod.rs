//! What the tests of the window share: a screen, a driver, the app in it.
//! - `screen`: Xvfb
//! - `app`: the app with its driver, and what people do with it
//! - `clock`: a clock that the test moves
//! - `author`: somebody else, without a window
//! - `load`: what the window costs
//! - `process`: finding and ending processes that we started

pub(crate) mod app;
pub(crate) mod author;
pub(crate) mod clock;
pub(crate) mod load;
pub(crate) mod process;
pub(crate) mod screen;
