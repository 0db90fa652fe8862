//! The books a new store opens with.

use rusqlite::{Connection, params};
use telemetry_core::trace;

use super::StoreError;

const STOCK: i64 = 40;

/// Title, author, subject, year, price in cents.
const BOOKS: [(&str, &str, &str, i64, i64); 48] = [
    ("Moby-Dick; or, The Whale", "Herman Melville", "sea", 1851, 1299),
    ("Twenty Thousand Leagues Under the Seas", "Jules Verne", "sea", 1870, 1150),
    ("Treasure Island", "Robert Louis Stevenson", "sea", 1883, 899),
    ("Typhoon", "Joseph Conrad", "sea", 1902, 799),
    ("The Sea-Wolf", "Jack London", "sea", 1904, 950),
    ("Two Years Before the Mast", "Richard Henry Dana Jr.", "sea", 1840, 1075),
    ("Captains Courageous", "Rudyard Kipling", "sea", 1897, 850),
    ("The Sea Lady", "H. G. Wells", "sea", 1902, 925),
    ("A Study in Scarlet", "Arthur Conan Doyle", "crime", 1887, 899),
    ("The Hound of the Baskervilles", "Arthur Conan Doyle", "crime", 1902, 999),
    ("The Moonstone", "Wilkie Collins", "crime", 1868, 1199),
    ("The Woman in White", "Wilkie Collins", "crime", 1860, 1199),
    ("Crime and Punishment", "Fyodor Dostoevsky", "crime", 1866, 1399),
    ("The Murders in the Rue Morgue", "Edgar Allan Poe", "crime", 1841, 650),
    ("The Innocence of Father Brown", "G. K. Chesterton", "crime", 1911, 875),
    ("The Mysterious Affair at Styles", "Agatha Christie", "crime", 1920, 999),
    ("The Time Machine", "H. G. Wells", "future", 1895, 750),
    ("The War of the Worlds", "H. G. Wells", "future", 1898, 899),
    ("From the Earth to the Moon", "Jules Verne", "future", 1865, 950),
    ("Frankenstein; or, The Modern Prometheus", "Mary Shelley", "future", 1818, 925),
    ("Flatland", "Edwin A. Abbott", "future", 1884, 625),
    ("Erewhon", "Samuel Butler", "future", 1872, 850),
    ("R.U.R.", "Karel Čapek", "future", 1920, 799),
    ("We", "Yevgeny Zamyatin", "future", 1924, 999),
    ("Pride and Prejudice", "Jane Austen", "manners", 1813, 899),
    ("Emma", "Jane Austen", "manners", 1815, 925),
    ("Middlemarch", "George Eliot", "manners", 1871, 1450),
    ("Vanity Fair", "William Makepeace Thackeray", "manners", 1848, 1350),
    ("The Age of Innocence", "Edith Wharton", "manners", 1920, 999),
    ("Cranford", "Elizabeth Gaskell", "manners", 1853, 799),
    ("The Portrait of a Lady", "Henry James", "manners", 1881, 1199),
    ("Buddenbrooks", "Thomas Mann", "manners", 1901, 1499),
    ("The Odyssey", "Homer", "myth", -700, 1099),
    ("Metamorphoses", "Ovid", "myth", 8, 1199),
    ("Beowulf", "Anonymous", "myth", 1000, 850),
    ("The Kalevala", "Elias Lönnrot", "myth", 1849, 1250),
    ("Le Morte d'Arthur", "Thomas Malory", "myth", 1485, 1399),
    ("The Epic of Gilgamesh", "Anonymous", "myth", -1800, 899),
    ("The Aeneid", "Virgil", "myth", -19, 1099),
    ("The Poetic Edda", "Anonymous", "myth", 1270, 1199),
    ("On the Origin of Species", "Charles Darwin", "nature", 1859, 1299),
    ("The Voyage of the Beagle", "Charles Darwin", "nature", 1839, 1199),
    ("Walden; or, Life in the Woods", "Henry David Thoreau", "nature", 1854, 899),
    ("The Mountains of California", "John Muir", "nature", 1894, 1050),
    ("The Chemical History of a Candle", "Michael Faraday", "nature", 1861, 750),
    ("Micrographia", "Robert Hooke", "nature", 1665, 1650),
    ("The Sea Around <Us> & Other Proofs", "O'Brien \"Proof\" Reader", "nature", 1999, 500),
    ("The Life of the Bee", "Maurice Maeterlinck", "nature", 1901, 850),
];

/// Puts the opening stock into an empty store; a store that has books is left as it is. Returns the books added.
///
/// # Errors
/// The tables are missing, or the file cannot be written.
#[trace(name = "store.seed")]
pub fn fill(connection: &mut Connection) -> Result<usize, StoreError> {
    let transaction = connection.transaction()?;
    let existing: i64 = transaction.query_row("SELECT count(*) FROM books", [], |row| row.get(0))?;
    if existing > 0 {
        return Ok(0);
    }
    {
        let mut insert = transaction.prepare(
            "INSERT INTO books (title, author, subject, year, price_cents, stock) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for (title, author, subject, year, price) in BOOKS {
            insert.execute(params![title, author, subject, year, price, STOCK])?;
        }
    }
    transaction.commit()?;
    Ok(BOOKS.len())
}
