//! Large fleets out of a few lived machines, for what measures memory and snapshots.
//!
//! Living a hundred days with 100,000 machines would take hours. A snapshot is a header, a count, and then identity and state of
//! each machine, so a large fleet is a matter of repeating the last two under other names.

use foretell_model::MachineId;

/// Bytes of a name: all are equally long, so that the count before the first is found.
const NAME_LEN: usize = "site-00000/machine-000000".len();

/// Name of one machine, four to a site.
///
/// # Panics
/// Beyond 400,000 machines, whose names would be longer.
pub(crate) fn machine(index: usize) -> MachineId {
    let name = format!("site-{:05}/machine-{index:06}", index / 4);
    assert_eq!(name.len(), NAME_LEN, "names of other lengths would not be found");
    MachineId::parse(&name).expect("plain names")
}

/// A snapshot with `machines` of them, made from that of the first `lived` ones, again and again in their order.
///
/// # Panics
/// When `snapshot` does not hold those, fewer than 128 of them.
pub(crate) fn copies(snapshot: &[u8], lived: usize, machines: usize) -> Vec<u8> {
    let mut ends = Vec::new();
    for index in 0..lived {
        let (name, from) = (machine(index).to_string(), ends.last().copied().unwrap_or(0));
        let at = snapshot[from..].windows(NAME_LEN).position(|window| window == name.as_bytes());
        ends.push(from + at.expect("each machine stands in its snapshot, in order") + NAME_LEN);
    }
    // Before the first name stand the count and the name's length, one byte each; before the others the length alone.
    let begins = ends[0] - NAME_LEN - 2;
    assert_eq!(snapshot[begins..begins + 2], [lived as u8, NAME_LEN as u8], "the form of a snapshot has changed");
    let states: Vec<&[u8]> = (0..lived)
        .map(|i| &snapshot[ends[i]..ends.get(i + 1).map_or(snapshot.len(), |next| next - NAME_LEN - 1)])
        .collect();
    let mut bytes = snapshot[..begins].to_vec();
    let mut count = machines;
    while count > 0x7f {
        bytes.push((count & 0x7f) as u8 | 0x80);
        count >>= 7;
    }
    bytes.push(count as u8);
    for index in 0..machines {
        bytes.push(NAME_LEN as u8);
        bytes.extend_from_slice(machine(index).to_string().as_bytes());
        bytes.extend_from_slice(states[index % lived]);
    }
    bytes
}
