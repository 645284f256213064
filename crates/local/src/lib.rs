//! A local AWS for development and tests: installs, starts, stops and watches a pinned emulator on loopback.
