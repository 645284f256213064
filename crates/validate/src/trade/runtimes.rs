//! The ends of Lambda's runtimes.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>

/// A runtime that has an end.
pub(super) struct Runtime {
    pub(super) name: &'static str,
    /// From this day on it gets no fixes.
    pub(super) deprecated: &'static str,
    /// From this day on no function can be created with it.
    pub(super) closed: &'static str,
    pub(super) successor: &'static str,
}

/// The day of which this table speaks. The rules compare with it and not with the clock, so that a template that passes
/// today passes tomorrow.
pub(super) const AS_OF: &str = "2026-11-15";

const fn runtime(
    name: &'static str,
    deprecated: &'static str,
    closed: &'static str,
    successor: &'static str,
) -> Runtime {
    Runtime { name, deprecated, closed, successor }
}

/// Those whose end is known and near or past.
const RUNTIMES: &[Runtime] = &[
    runtime("dotnet6", "2024-12-20", "2027-02-01", "dotnet10"),
    runtime("dotnet8", "2026-11-10", "2027-02-01", "dotnet10"),
    runtime("dotnet9", "2026-11-10", "", "dotnet10"),
    runtime("dotnetcore1.0", "2019-06-27", "2019-06-30", "dotnet10"),
    runtime("dotnetcore2.0", "2019-05-30", "2019-04-30", "dotnet10"),
    runtime("dotnetcore2.1", "2022-01-05", "2022-01-05", "dotnet10"),
    runtime("dotnetcore3.1", "2023-04-03", "2023-04-03", "dotnet10"),
    runtime("go1.x", "2024-01-08", "2024-02-08", "provided.al2023"),
    runtime("java8", "2024-01-08", "2024-02-08", "java25"),
    runtime("nodejs", "2016-08-30", "2016-09-30", "nodejs24.x"),
    runtime("nodejs10.x", "2021-07-30", "2021-07-30", "nodejs24.x"),
    runtime("nodejs12.x", "2023-03-31", "2023-03-31", "nodejs24.x"),
    runtime("nodejs14.x", "2023-12-04", "2024-01-09", "nodejs24.x"),
    runtime("nodejs16.x", "2024-06-12", "2027-02-01", "nodejs24.x"),
    runtime("nodejs18.x", "2025-09-01", "2027-02-01", "nodejs24.x"),
    runtime("nodejs20.x", "2026-04-30", "2027-02-01", "nodejs24.x"),
    runtime("nodejs4.3", "2020-03-05", "2020-02-03", "nodejs24.x"),
    runtime("nodejs4.3-edge", "2020-03-05", "2019-03-31", "nodejs24.x"),
    runtime("nodejs6.10", "2019-08-12", "2019-07-12", "nodejs24.x"),
    runtime("nodejs8.10", "2020-03-06", "2020-02-04", "nodejs24.x"),
    runtime("provided", "2024-01-08", "2024-02-08", "provided.al2023"),
    runtime("provided.al2", "2026-07-31", "2027-02-01", "provided.al2023"),
    runtime("python2.7", "2021-07-15", "2021-07-15", "python3.14"),
    runtime("python3.10", "2026-10-31", "2027-02-01", "python3.14"),
    runtime("python3.6", "2022-07-18", "2022-07-18", "python3.14"),
    runtime("python3.7", "2023-12-04", "2024-01-09", "python3.14"),
    runtime("python3.8", "2024-10-14", "2027-02-01", "python3.14"),
    runtime("python3.9", "2025-12-15", "2027-02-01", "python3.14"),
    runtime("ruby2.5", "2021-07-30", "2021-07-30", "ruby4.0"),
    runtime("ruby2.7", "2023-12-07", "2024-01-09", "ruby4.0"),
    runtime("ruby3.2", "2026-03-31", "2027-02-01", "ruby4.0"),
];

/// The runtime, if its end is known here.
pub(super) fn find(name: &str) -> Option<&'static Runtime> {
    RUNTIMES.iter().find(|it| it.name == name)
}

/// Whether a day of the table is past. Days in this form sort as text.
pub(super) fn is_past(day: &str) -> bool {
    !day.is_empty() && day <= AS_OF
}
