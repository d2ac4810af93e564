//! The half of a log that tests of intake do not look at: whatever is asked of it, there is nothing.

/// Within an `impl Log`: everything but `append`.
macro_rules! reads_nothing {
    () => {
        fn partitions(&self) -> u16 {
            1
        }

        fn read(&self, _: Partition, _: Offset, _: usize) -> Result<Vec<Logged>, LogError> {
            Ok(Vec::new())
        }

        fn head(&self, _: Partition) -> Result<Offset, LogError> {
            Ok(Offset(0))
        }

        fn cursor(&self, _: &str, _: Partition) -> Result<Offset, LogError> {
            Ok(Offset(0))
        }

        fn commit(&self, _: &str, _: Partition, _: Offset) -> Result<(), LogError> {
            Ok(())
        }
    };
}

pub(crate) use reads_nothing;
