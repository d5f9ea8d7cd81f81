//! The program that the page loads.

fn main() {
    #[cfg(target_arch = "wasm32")]
    inkhorn_ui::start();
}
