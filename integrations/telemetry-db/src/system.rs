//! Which database it is.

/// A database system, by the names of OpenTelemetry's conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// `sqlite`
    Sqlite,
    /// `postgresql`
    Postgresql,
    /// `mysql`
    Mysql,
    /// `mariadb`
    Mariadb,
    /// `mssql`
    Mssql,
    /// `oracle`
    Oracle,
    /// Any other, under this name.
    Other(&'static str),
}

impl System {
    /// The name, as it stands in attributes and labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Mssql => "mssql",
            Self::Oracle => "oracle",
            Self::Other(name) => name,
        }
    }

    /// Whether double quotes may hold text: everywhere but where they are known to hold names alone.
    pub(crate) const fn has_text_in_double_quotes(self) -> bool {
        !matches!(self, Self::Postgresql | Self::Mssql | Self::Oracle)
    }

    /// Whether `#` begins a comment.
    pub(crate) const fn has_hash_comments(self) -> bool {
        matches!(self, Self::Mysql | Self::Mariadb)
    }
}
