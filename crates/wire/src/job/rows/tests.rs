//! Which rows there are, wherever a file is cut and wherever its reading begins.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A row as it was read: its line, its fields (its text in NDJSON), and what is wrong with it.
type Read = (u64, Vec<String>, Option<String>);

fn taken(rows: &mut Rows, read: &mut Vec<(Read, Position)>) {
    let is_csv = rows.format == JobFormat::Csv;
    while let Some(row) = rows.next_row() {
        let fields = if is_csv {
            row.fields().map(String::from).collect()
        } else {
            vec![row.text().into_owned()]
        };
        let problem = row.problem().map(|problem| problem.message.clone());
        let row = (row.line(), fields, problem);
        read.push((row, rows.position()));
    }
}

/// All rows from `rows` on, of `parts` from the one that it begins in on, and the position behind each.
fn all(mut rows: Rows, parts: &[&[u8]]) -> Vec<(Read, Position)> {
    let first = rows.position().part as usize - 1;
    let mut read = Vec::new();
    for part in parts.iter().skip(first) {
        rows.feed(part);
        taken(&mut rows, &mut read);
    }
    rows.finish();
    taken(&mut rows, &mut read);
    read
}

fn rows_of(format: JobFormat, parts: &[&[u8]]) -> Vec<Read> {
    let read = all(Rows::new(format), parts);
    read.into_iter().map(|(row, _)| row).collect()
}

fn csv(file: &[u8]) -> Vec<Read> {
    rows_of(JobFormat::Csv, &[file])
}

fn columns(file: &[u8]) -> Result<Vec<String>, (u32, String)> {
    let mut rows = Rows::new(JobFormat::Csv);
    rows.feed(file);
    rows.finish();
    match rows.columns() {
        Ok(columns) => Ok(columns.unwrap().names().to_vec()),
        Err(problem) => Err((problem.code.number(), problem.message)),
    }
}

fn row<const N: usize>(line: u64, fields: [&str; N]) -> Read {
    (line, fields.map(str::to_owned).to_vec(), None)
}

/// The lines of the rows, and of each whether anything is wrong with it.
fn lines(rows: &[Read]) -> Vec<(u64, bool)> {
    rows.iter()
        .map(|(line, _, problem)| (*line, problem.is_none()))
        .collect()
}

#[test]
fn rows_have_the_line_of_the_file_where_they_begin() {
    let file = b"customerId,name\n1,a\r\n\n  \r\n2,\"b\n\"\"c\"\"\r\n\"\n3,d";
    assert_eq!(
        csv(file),
        [
            row(2, ["1", "a"]),
            row(5, ["2", "b\n\"c\"\r\n"]),
            row(8, ["3", "d"]),
        ]
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column_however_it_is_cut() {
    let file = "\u{feff}\"customerId\",a\n1,2\n".as_bytes();
    assert_eq!(
        columns(file),
        Ok(vec!["customerId".to_owned(), "a".to_owned()])
    );
    for at in 0..file.len() {
        let (before, behind) = file.split_at(at);
        assert_eq!(
            rows_of(JobFormat::Csv, &[before, behind]),
            [row(2, ["1", "2"])]
        );
    }
    let ndjson = rows_of(
        JobFormat::Ndjson,
        &["\u{feff}{}\r\n\r\n{\"a\":1}".as_bytes()],
    );
    assert_eq!(ndjson, [row(1, ["{}"]), row(3, ["{\"a\":1}"])]);
}

#[test]
fn a_file_without_a_header_or_with_one_that_is_no_text_has_no_rows() {
    for blank in ["", "\u{feff}", "\n \r\n"] {
        let (code, message) = columns(blank.as_bytes()).unwrap_err();
        assert_eq!(code, 1969);
        assert!(message.starts_with("The file is empty."), "{message}");
    }
    let utf16: Vec<u8> = "customerId\n1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xff\xfe", utf16.as_slice()].concat();
    let long = format!("customerId,{}\n1,2\n", "x".repeat(MAX_ROW));
    for (file, said) in [
        (utf16.as_slice(), "NUL"),
        (marked.as_slice(), "UTF-8"),
        (b"k\xe4ufer,customerId\n", "UTF-8"),
        (b"\"customerId\n1\n", "quotation mark"),
        (long.as_bytes(), "65536"),
    ] {
        let (code, message) = columns(file).unwrap_err();
        assert_eq!(code, 400);
        assert!(message.starts_with("The header cannot be read."));
        assert!(message.contains(said), "{message}");
        assert_eq!(csv(file), []);
    }
}

#[test]
fn a_column_more_or_less_is_wrong_in_its_own_row() {
    let rows = csv(b"a,b\n1,2,3\n4,5\n6\n7,\"8\",\n");
    assert_eq!(
        lines(&rows),
        [(2, false), (3, true), (4, false), (5, false)]
    );
    assert_eq!(
        rows[0].2.as_deref(),
        Some("Has 3 fields, where the header has 2.")
    );
}

#[test]
fn what_is_no_text_is_wrong_in_its_own_row() {
    let rows = csv(b"a,b\n1,M\xfcller\n2,x\0\n3,\xc3\xa4\n");
    assert_eq!(lines(&rows), [(2, false), (3, false), (4, true)]);
    assert_eq!(
        rows[0].2.as_deref(),
        Some("Is not UTF-8 text: see byte 4 of the row. Save the file as UTF-8.")
    );
    assert_eq!(rows[0].1, ["1", "M\u{fffd}ller"]);
    assert!(rows[1].2.as_deref().unwrap().contains("U+0000"));
}

#[test]
fn a_quotation_mark_that_nobody_closes_costs_its_own_row_alone() {
    let mut file = b"a,b\n1,\"x\n2,y\n3,\"z\"\n".to_vec();
    for number in 4..20_000 {
        file.extend(format!("{number},y\n").bytes());
    }
    let rows = csv(&file);
    assert_eq!(rows.len(), 19_999);
    assert_eq!(
        lines(&rows)[..4],
        [(2, false), (3, true), (4, true), (5, true)]
    );
    assert_eq!(
        rows.iter()
            .filter(|(_, _, problem)| problem.is_some())
            .count(),
        1
    );

    // The same where there is not so much behind it, or nothing.
    assert_eq!(
        lines(&csv(b"a,b\n1,\"x\n2,y\n3,y")),
        [(2, false), (3, true), (4, true)]
    );
    assert_eq!(lines(&csv(b"a,b\n1,\"x")), [(2, false)]);
    assert_eq!(lines(&csv(b"a,b\n1,\"x\n")), [(2, false)]);
}

#[test]
fn what_follows_a_closing_quotation_mark_is_wrong_in_its_own_row() {
    let rows = csv(b"a,b\n1,\"x\"y\n2,\"x\r\n\" \n3,z\n4,\"\"\"\"\n");
    assert_eq!(
        lines(&rows),
        [(2, false), (3, false), (4, false), (5, true), (6, true)]
    );
    assert!(rows[0].2.as_deref().unwrap().contains("behind a closing"));
}

#[test]
fn a_quotation_mark_within_a_text_is_one_of_its_characters() {
    assert_eq!(
        csv(b"a,b\n1,5\" disk\nx\"\",y\n"),
        [row(2, ["1", "5\" disk"]), row(3, ["x\"\"", "y"])]
    );
}

#[test]
fn where_every_line_opens_a_quotation_mark_none_is_looked_through_twice() {
    // To the closing of each the whole file would have to be looked through.
    let file = format!("a,b\n{}", "x\",\"\n".repeat(400_000));
    let rows = csv(file.as_bytes());
    assert_eq!(rows.len(), 400_000);
    assert!(rows.iter().all(|(_, _, problem)| problem.is_some()));
}

#[test]
fn a_line_of_ten_megabytes_is_one_row_of_which_only_the_beginning_is_kept() {
    let long = vec![b'x'; 10_000_000];
    let file = [b"a,b\n1,", long.as_slice(), b"\n2,y\n"].concat();
    let parts: Vec<_> = file.chunks(1_000_000).collect();
    let mut rows = Rows::new(JobFormat::Csv);
    let mut read = Vec::new();
    for part in &parts {
        rows.feed(part);
        taken(&mut rows, &mut read);
        assert!(rows.buffer.len() <= 1_000_000 + MAX_ROW);
    }
    rows.finish();
    taken(&mut rows, &mut read);
    let read: Vec<_> = read.into_iter().map(|(row, _)| row).collect();
    assert_eq!(lines(&read), [(2, false), (3, true)]);
    assert_eq!(read[0].1.concat().len(), MOST_KEPT - 1);
    assert_eq!(
        read[0].2.as_deref(),
        Some("Is longer than the 65536 bytes that a row may have.")
    );
}

#[test]
fn a_row_may_have_as_many_bytes_as_the_bound_with_its_line_break() {
    for (length, is_read) in [(MAX_ROW - 1, true), (MAX_ROW, false)] {
        for (before, behind) in [("", ""), ("\"", "\"")] {
            let text = "x".repeat(length - before.len() - behind.len());
            let file = format!("a\n{before}{text}{behind}\n1\n");
            assert_eq!(
                lines(&csv(file.as_bytes())),
                [(2, is_read), (3, true)],
                "{length}{before}"
            );
        }
    }
}

/// What may stand in a file, nicely and otherwise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let piece = |bytes: &'static [u8]| Just(bytes.to_vec());
    prop_oneof![
        4 => piece(b","),
        4 => piece(b"\n"),
        2 => piece(b"\r\n"),
        2 => piece(b"\""),
        2 => piece(b"\"\""),
        1 => piece(b"\",\""),
        1 => piece(b"\r"),
        1 => piece(b" "),
        1 => piece(b"\0"),
        1 => piece(b"\xff"),
        1 => piece(MARK),
        1 => piece("ä€\u{1f600}".as_bytes()),
        1 => piece(b"{\"customerId\":1}"),
        4 => "[a-z0-9]{0,9}".prop_map(String::into_bytes),
        1 => (MAX_ROW - 20..MAX_ROW + 20).prop_map(|length| vec![b'x'; length]),
        // Rows that are longer together than one may be.
        1 => Just(format!("1,\"{}\"\n", "x".repeat(1_000)).repeat(MAX_ROW / 750).into_bytes()),
        1 => Just(format!("1,{}\n", "x".repeat(1_000)).repeat(MAX_ROW / 750).into_bytes()),
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..40).prop_map(|pieces| [b"a,b\n".to_vec(), pieces.concat()].concat())
}

fn format() -> impl Strategy<Value = JobFormat> {
    prop_oneof![Just(JobFormat::Csv), Just(JobFormat::Ndjson)]
}

fn parts<'f>(file: &'f [u8], cuts: &[Index]) -> Vec<&'f [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(file.len() + 1)).collect();
    cuts.sort_unstable();
    let mut parts = Vec::new();
    let mut begin = 0;
    for cut in cuts {
        parts.push(&file[begin..cut]);
        begin = cut;
    }
    parts.push(&file[begin..]);
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_are_the_same_however_a_file_is_cut(
        file in file(), format in format(), cuts in vec(any::<Index>(), 0..10)
    ) {
        let parts = parts(&file, &cuts);
        prop_assert_eq!(rows_of(format, &parts), rows_of(format, &[&file]));
    }

    #[test]
    fn from_the_position_behind_a_row_those_behind_it_are_read(
        file in file(), format in format(), cuts in vec(any::<Index>(), 0..10), at in any::<Index>()
    ) {
        let parts = parts(&file, &cuts);
        let mut undisturbed = Rows::new(format);
        undisturbed.feed(&file);
        undisturbed.finish();
        let columns = undisturbed.columns().ok().flatten().cloned();
        let read = all(Rows::new(format), &parts);
        if !read.is_empty() {
            let at = at.index(read.len());
            let position = read[at].1;
            let resumed = all(Rows::resume(format, columns, position), &parts);
            // The end of a part is the beginning of the next.
            let placed = |rows: &[_]| {
                let rows = rows.iter();
                let rows = rows.map(|(row, at): &(Read, Position)| (row.clone(), at.line, at.distrusted));
                rows.collect::<Vec<_>>()
            };
            prop_assert_eq!(placed(&resumed), placed(&read[at + 1..]));
        }
    }

    #[test]
    fn every_line_of_ndjson_that_is_not_blank_is_a_row(file in file()) {
        let rows = rows_of(JobFormat::Ndjson, &[&file]);
        let expected: Vec<_> = file
            .split(|byte| *byte == b'\n')
            .zip(1_u64..)
            .filter(|(line, _)| !is_blank(line))
            .map(|(_, number)| number)
            .collect();
        let lines: Vec<_> = rows.iter().map(|(line, _, _)| *line).collect();
        prop_assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_written_as_csv_is_read_again(
        rows in vec(("[1-9]{1,3}", "[ab\"\r\n,ä]{0,6}", "[ab\"\r\n,ä]{0,6}"), 0..30),
        cuts in vec(any::<Index>(), 0..5),
    ) {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let mut file = "a,b,c\n".to_owned();
        for (a, b, c) in &rows {
            file += &[a.as_str(), &quoted(b), &quoted(c)].join(",");
            file.push('\n');
        }
        let read = rows_of(JobFormat::Csv, &parts(file.as_bytes(), &cuts));
        let fields: Vec<_> = read.iter().map(|(_, fields, _)| fields.clone()).collect();
        let expected: Vec<_> = rows.iter().map(|(a, b, c)| vec![a.clone(), b.clone(), c.clone()]).collect();
        prop_assert_eq!(fields, expected);
        let mut line = 2;
        for ((number, fields, problem), _) in read.iter().zip(&rows) {
            prop_assert_eq!((*number, problem), (line, &None));
            line += 1 + fields.concat().matches('\n').count() as u64;
        }
    }
}
