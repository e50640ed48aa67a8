//! The binary, as its users run it: real files, real processes. `PROFFER_SOAK=1` runs full counts.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod it {
    mod bad_input;
    mod bad_writes;
    mod bucket;
    mod clients;
    mod complete_journey;
    mod coupons;
    mod customers;
    #[path = "../../../store/tests/it/fixture.rs"]
    mod database;
    mod day_by_day;
    mod demo_shops;
    mod fixture;
    mod http;
    mod http_access;
    mod http_client;
    mod http_faults;
    mod http_probe;
    mod http_process;
    mod http_strangers;
    mod kills;
    mod outside;
    mod pages;
    mod portraits;
    mod price;
    mod ranges;
    mod readers;
    #[path = "../../../lake/tests/it/s3.rs"]
    mod s3;
    mod schemathesis;
    mod segments;
    mod staff;
    mod walkthrough;
    mod writes;
}
