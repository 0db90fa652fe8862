use super::*;

const README: &str =
    "# Costs\n\n<!-- one -->\nold\n<!-- end of one -->\n\n<!-- two -->\n<!-- end of two -->\n";

#[test]
fn a_section_gets_its_tables_and_the_rest_stays() {
    let updated = replaced(README, "one", "| a |").unwrap();
    assert_eq!(
        updated,
        "# Costs\n\n<!-- one -->\n\n| a |\n\n<!-- end of one -->\n\n<!-- two -->\n<!-- end of two -->\n"
    );
    assert_eq!(replaced(&updated, "one", "| a |").unwrap(), updated, "writing again changes nothing");
}

#[test]
fn a_section_that_is_not_there_is_not_written() {
    assert_eq!(replaced(README, "three", ""), None);
    assert_eq!(replaced("<!-- one -->\n", "one", ""), None);
}
