//! Integers of 8 and 16 bits in Parquet files, read as 32 bits.
//!
//! Parquet stores them as 32 bits with a note that they are small. Frames would need types of their own for them, which is
//! a feature of polars that doubles the code of its kernels; without it such a column, common for labels and machine
//! numbers, cannot be read at all. So the note is left out before the file is read.

use std::sync::Arc;

use polars::io::parquet::metadata::{FileMetadata, FileMetadataRef};
use polars_parquet::parquet::metadata::SchemaDescriptor;
use polars_parquet::parquet::schema::types::{
    IntegerType, ParquetType, PhysicalType, PrimitiveConvertedType, PrimitiveLogicalType, PrimitiveType,
};

/// Under which key writers keep the schema in Arrow's own words; it would say again that the integers are small.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// The same metadata with small integers as what they are stored as; untouched where there are none.
pub(crate) fn widened(metadata: &FileMetadataRef) -> FileMetadataRef {
    let mut found = false;
    let mut widen = |field: &ParquetType| match field {
        ParquetType::PrimitiveType(primitive) if is_small(primitive) => {
            found = true;
            ParquetType::PrimitiveType(PrimitiveType { logical_type: None, converted_type: None, ..primitive.clone() })
        }
        other => other.clone(),
    };
    let fields = metadata.schema_descr.fields().iter().map(&mut widen).collect();
    if !found {
        return metadata.clone();
    }
    let mut widened: FileMetadata = (**metadata).clone();
    widened.schema_descr = SchemaDescriptor::new(metadata.schema_descr.name().into(), fields);
    if let Some(notes) = &mut widened.key_value_metadata {
        notes.retain(|note| note.key != ARROW_SCHEMA);
    }
    Arc::new(widened)
}

fn is_small(primitive: &PrimitiveType) -> bool {
    use IntegerType::{Int8, Int16, UInt8, UInt16};
    use PrimitiveConvertedType as Converted;
    let by_logical =
        matches!(primitive.logical_type, Some(PrimitiveLogicalType::Integer(Int8 | Int16 | UInt8 | UInt16)));
    let by_converted = matches!(
        primitive.converted_type,
        Some(Converted::Int8 | Converted::Int16 | Converted::Uint8 | Converted::Uint16)
    );
    primitive.physical_type == PhysicalType::Int32 && (by_logical || by_converted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_integers_are_widened() {
        let check = |field: &str, expected: bool| {
            let message = format!("message m {{ {field}; }}");
            let schema = SchemaDescriptor::try_from_message(&message).unwrap();
            let ParquetType::PrimitiveType(primitive) = &schema.fields()[0] else { panic!("{field}") };
            assert_eq!(is_small(primitive), expected, "{field}");
        };
        check("REQUIRED INT32 a (INT_8)", true);
        check("REQUIRED INT32 a (INTEGER(16,false))", true);
        check("REQUIRED INT32 a (INT_32)", false);
        check("REQUIRED INT32 a", false);
        check("REQUIRED INT32 a (DATE)", false);
        check("REQUIRED INT64 a (INT_64)", false);
        check("REQUIRED BYTE_ARRAY a (UTF8)", false);
    }
}
