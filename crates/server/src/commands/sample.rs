//! `foretell check --sample`: what the mappings of a configuration make of one payload, field by field.

use std::io::Read as _;
use std::path::Path;

use foretell_ingest::decode::{Decoder, DecoderOptions};
use foretell_model::{Clock as _, DAY_MS};

use crate::cli::CheckArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;
use crate::text_file;

/// Largest sample that is read, bytes; somewhat more than the largest message, so that such a one is refused by its name.
const BYTES_MAX: u64 = 2 << 20;

/// How old a sample may be whatever `[mqtt] age_max` says: ten years, milliseconds.
const SAMPLE_AGE_MAX_MS: i64 = 3_650 * DAY_MS;

/// Explains a sample; its outcome is the exit code's.
pub(super) fn explain(config: &Config, path: &Path, args: &CheckArgs, output: &mut Output) -> Result<(), Failure> {
    let payload = read(path)?;
    let options = service::decoder_options(config, &service::catalogue(config.engine.faults_file.as_deref())?);
    // A sample was recorded some time ago, but not in 1970: that is a stamp in another unit.
    let behind_max_ms = options.behind_max_ms.map(|age_ms| age_ms.max(SAMPLE_AGE_MAX_MS));
    let options = DecoderOptions { behind_max_ms, ..options };
    let decoder =
        Decoder::new(options).map_err(|error| Failure::because(Kind::Config, "could not use the mappings", error))?;
    let topic = match &args.topic {
        Some(topic) => topic.clone(),
        None => only_topic(&decoder.example_topics())?,
    };
    let explanation = decoder.explain(WallClock.now(), &topic, &payload);
    let text = if args.json {
        serde_json::to_string_pretty(&explanation)
            .map_err(|error| Failure::because(Kind::Internal, "could not write the explanation as JSON", error))?
    } else {
        explanation.to_string()
    };
    output.line(&text)?;
    if explanation.admitted > 0 {
        return Ok(());
    }
    Err(Failure::new(Kind::BadData, format!("nothing of the sample on topic {topic} becomes a reading")))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut payload = Vec::new();
        std::io::stdin().take(BYTES_MAX).read_to_end(&mut payload).map(|_| payload)
    } else {
        text_file::begin(path, BYTES_MAX - 1)
    };
    read.map_err(|error| Failure::reading(path, error))
}

fn only_topic(topics: &[String]) -> Result<String, Failure> {
    match topics {
        [topic] => Ok(topic.clone()),
        [] => Err(Failure::new(Kind::Usage, "name the sample's topic with --topic; the configuration has no mapping")),
        several => {
            let several = several.join(", ");
            Err(Failure::new(Kind::Usage, format!("name the sample's topic with --topic, such as one of: {several}")))
        }
    }
}
