//! Connections that break at each message, and inside of one, in either direction, of every connection of a small run.

use super::{small, stride};
use crate::faults::invariants::Faults;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, World, picture};
use crate::support::cli::Done;
use crate::support::dice::Dice;
use crate::support::postgres::{Database, Server};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use crate::tls;
use std::time::Duration;

/// The connections of a run, by the word that ends their names.
const ROLES: [&str; 3] = ["control", "copy", "finish"];

/// No connection of a small run has more messages than this.
const MESSAGES_MAX: u64 = 5_000;

/// A run through a proxy with this rule, how it ended, and whether the rule struck.
fn run(faults: &Faults, database: &Database, rule: Rule) -> (Done, bool) {
    let proxy = Proxy::before(database, [rule]);
    let done = Running::start(faults.copy_to(proxy.url())).end();
    (done, proxy.struck() > 0)
}

/// The first message of a connection says no name yet.
fn of_role(role: &'static str, way: Way, number: u64, fault: Fault) -> Rule {
    let rule = Rule::new(way, At::Message(number), fault);
    if number == 1 { rule } else { rule.on(role) }
}

/// The server is at fault, or the run went on by itself.
fn assert_ended(faults: &Faults, database: &Database, done: &Done, case: &str) {
    assert!([0, 6].contains(&done.code), "{case}: {done:?}");
    if done.code == 0 {
        assert!(picture(database) == faults.undisturbed.picture, "{case}: it ended well");
    }
    faults.assert_hold(database, done, case);
}

/// Breaks every so manieth message of `role`, the even ones in order and the odd ones not; tells how many.
fn break_each_message(faults: &Faults, role: &'static str, way: Way, usual: u64) -> u64 {
    for (broken, number) in (0..).zip((1..MESSAGES_MAX).step_by(stride(usual))) {
        let fault = if number % 2 == 0 { Fault::Cut } else { Fault::Reset };
        let case = format!("{fault:?} before message {number} {way:?} of {role}");
        let database = faults.database();
        let (done, struck) = run(faults, &database, of_role(role, way, number, fault));
        if !struck {
            assert_eq!(done.code, 0, "{case}: not struck: {done:?}");
            eprintln!("{role}, {way:?}: {broken} messages broken");
            return broken;
        }
        assert_ended(faults, &database, &done, &case);
    }
    panic!("{role} still has more messages");
}

#[test]
fn f08_broken_at_each_message_to_the_server() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    for (role, usual) in ROLES.into_iter().zip([21, 29, 23]) {
        assert!(break_each_message(&faults, role, Way::ToServer, usual) > 1, "{role}");
    }
}

#[test]
fn f08_broken_at_each_message_of_the_server() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    for (role, usual) in ROLES.into_iter().zip([67, 71, 173]) {
        assert!(break_each_message(&faults, role, Way::ToClient, usual) > 1, "{role}");
    }
}

#[test]
fn f08_broken_inside_of_messages() {
    let Some(faults) = small::together(Target::Existing) else { return };
    let mut dice = Dice(0x6e74_6873);
    let rounds = 240_usize.div_ceil(stride(20));
    for round in 0..rounds as u64 {
        let way = [Way::ToServer, Way::ToClient][(round % 2) as usize];
        let role = ROLES[(round % 3) as usize];
        let byte = 1 + dice.below(30_000);
        let fault = [Fault::Cut, Fault::Reset][(round / 2 % 2) as usize];
        let (case, database) = (format!("{fault:?} before byte {byte} {way:?} of {role}"), faults.database());
        let (done, _) = run(&faults, &database, Rule::new(way, At::Byte(byte), fault).on(role));
        assert_ended(&faults, &database, &done, &case);
    }
}

/// Above TLS a connection ends in the middle of a record, without the goodbye that TLS knows.
#[test]
fn f08_broken_inside_of_tls() {
    if Server::available().is_none() {
        return;
    }
    let (_cluster, address) = tls::Server::with_tls();
    let server: &'static Server = Box::leak(Box::new(Server::by(&address)));
    let faults = Faults::in_world(World::on(server, small::ROWS, &small::BY_CHUNK), Target::Existing);
    let mut dice = Dice(0x746c_7300);
    for round in 0..120_usize.div_ceil(stride(20)) as u64 {
        let way = [Way::ToServer, Way::ToClient][(round % 2) as usize];
        let fault = [Fault::Cut, Fault::Reset][(round / 2 % 2) as usize];
        let (byte, database) = (1 + dice.below(40_000), faults.database());
        // From the startup message on nothing is seen of what is said: the first connection that gets so far is broken.
        let proxy = Proxy::before(&database, [Rule::new(way, At::Byte(byte), fault)]);
        let done = Running::start(faults.copy_to(&format!("{} sslmode=require", proxy.url()))).end();
        assert_ended(&faults, &database, &done, &format!("{fault:?} before byte {byte} {way:?} of TLS"));
    }
}

/// What stands still for a while goes on when it can, without an error.
#[test]
fn f10_stalled_at_each_message_and_released() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    for (role, way, usual) in [
        ("control", Way::ToClient, 97),
        ("copy", Way::ToServer, 41),
        ("copy", Way::ToClient, 83),
        ("finish", Way::ToServer, 37),
    ] {
        let mut stalled = 0;
        for number in (1..MESSAGES_MAX).step_by(stride(usual)) {
            let (database, case) = (faults.database(), format!("stalled before {number} {way:?} of {role}"));
            let proxy = Proxy::before(&database, [of_role(role, way, number, Fault::Stall)]);
            let mut run = Running::start(faults.copy_to(proxy.url()));
            wait_for(&case, || (proxy.struck() > 0 || run.has_ended()).then_some(()));
            let struck = proxy.struck() > 0;
            std::thread::sleep(Duration::from_millis(if struck { 100 } else { 0 }));
            proxy.release();
            let done = run.end();
            assert_eq!(done.code, 0, "{case}: {done:?}");
            assert!(picture(&database) == faults.undisturbed.picture, "{case}");
            if !struck {
                break;
            }
            stalled += 1;
        }
        assert!(stalled > 1, "{role}, {way:?}");
    }
}

/// Everything is taken and nothing is answered: a run that is asked to stop stops, and the next one goes on.
#[test]
fn f09_swallowed_at_a_message_and_interrupted() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    for (role, way, numbers) in [
        ("control", Way::ToServer, [3_u64, 31]),
        ("copy", Way::ToServer, [9, 24]),
        ("copy", Way::ToClient, [20, 47]),
        ("finish", Way::ToClient, [30, 90]),
    ] {
        for number in numbers {
            let (database, case) = (faults.database(), format!("swallowed from {number} {way:?} of {role}"));
            let proxy =
                Proxy::before(&database, [Rule::new(way, At::Message(number), Fault::BlackHole).on(role)]);
            let run = Running::start(faults.copy_to(proxy.url()));
            wait_for(&case, || (proxy.struck() > 0).then_some(()));
            run.signal("INT");
            let done = run.end();
            proxy.end();
            assert_eq!(done.code, 130, "{case}: {done:?}");
            faults.assert_hold(&database, &done, &case);
        }
    }
}

/// Byte by byte, and with every message late: slow is no failure.
#[test]
fn f10_a_very_slow_link() {
    let Some(world) = World::of(&small::ROWS.replace("30000", "300"), &small::BY_CHUNK) else { return };
    let faults = Faults::in_world(world, Target::Existing);
    for slow in [Fault::Slow(1, Duration::ZERO), Fault::Slow(1 << 20, Duration::from_millis(4))] {
        let (database, case) = (faults.database(), format!("{slow:?}"));
        let both = [Way::ToServer, Way::ToClient].map(|way| Rule::new(way, At::Byte(1), slow).times(100));
        let proxy = Proxy::before(&database, both);
        let done = Running::start(faults.copy_to(proxy.url())).end();
        assert_eq!(done.code, 0, "{case}: {done:?}");
        assert!(proxy.struck() > 6, "{case}");
        assert!(picture(&database) == faults.undisturbed.picture, "{case}");
        faults.assert_hold(&database, &done, &case);
    }
}
