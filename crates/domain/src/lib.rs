//! The rules of Accolade: badges, enrolments and who may be enrolled. Pure: no I/O, no clock, no database, no web.
