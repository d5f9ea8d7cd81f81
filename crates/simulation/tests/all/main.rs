//! Seeds that run in every build, plans that failed once, and rules that are broken on purpose.

mod sabotage;
mod seeds;
