//! The construct tree of Skysmith: apps, stacks, scopes, typed values, prepare and render.
