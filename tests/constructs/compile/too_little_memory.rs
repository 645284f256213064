//! Less memory than Lambda gives.
//~ a Lambda function has at least 128 MiB of memory

use skysmith::prelude::*;

fn main() {
    let _ = mib!(64);
}
