//! What the end-to-end tests share: real processes, free ports, patience with a deadline.
