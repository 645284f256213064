//! Processes that this one did not start itself, or whose number may belong to another by now.
//!
//! A process is known by its number and the moment it started. Nothing is signalled unless both match.

use std::net::SocketAddr;

/// A process, for good: never another that got the same number later.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// When it started, in whatever form the system says it.
    started: String,
}

impl Identity {
    /// The process that has this number now; none if there is none, or only the rest of one that has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        system::started(pid).map(|started| Self { pid, started })
    }

    /// Whether it still runs. If it was started by this process and has ended, its remains are cleared away.
    pub(crate) fn is_alive(&self) -> bool {
        system::reap(self.pid);
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        if self.is_alive() {
            system::terminate(self.pid);
        }
    }

    /// Ends it and the processes it started, at once. It must lead its own process group.
    pub(crate) fn kill_group(&self) {
        if self.is_alive() {
            system::kill_group(self.pid);
        }
    }

    /// The addresses it accepts connections on; none where the system doesn't tell.
    pub(crate) fn listening_addresses(&self) -> Vec<SocketAddr> {
        system::listening_addresses(self.pid)
    }
}

#[cfg(unix)]
mod system {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

    pub(super) use super::platform::{listening_addresses, started};

    fn number(pid: u32) -> Option<Pid> {
        // 0 and negative numbers would name process groups.
        i32::try_from(pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw)
    }

    pub(super) fn reap(pid: u32) {
        // Fails for those that are not this process's children, which is fine: someone else clears them away.
        if let Some(pid) = number(pid) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }

    pub(super) fn terminate(pid: u32) {
        if let Some(pid) = number(pid) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    pub(super) fn kill_group(pid: u32) {
        if let Some(pid) = number(pid) {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::{
        collections::HashSet,
        fs,
        net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    };

    pub(super) fn started(pid: u32) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything; what follows it has fixed places.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        let ticks = fields.nth(18)?;
        // Ticks count from the start of the system, and so do process numbers.
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(format!("{} {ticks}", boot.trim()))
    }

    pub(super) fn listening_addresses(pid: u32) -> Vec<SocketAddr> {
        let sockets: HashSet<String> = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let target = fs::read_link(entry.path()).ok()?;
                Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
            })
            .collect();
        ["tcp", "tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
            .flat_map(|table| table.lines().filter_map(listener).collect::<Vec<_>>())
            .filter(|(_, inode)| sockets.contains(inode))
            .map(|(address, _)| address)
            .collect()
    }

    /// The address and inode of a line of `/proc/net/tcp` if it is about a listening socket.
    fn listener(line: &str) -> Option<(SocketAddr, String)> {
        const LISTEN: &str = "0A";
        let fields: Vec<&str> = line.split_whitespace().collect();
        if *fields.get(3)? != LISTEN {
            return None;
        }
        let (address, port) = fields.get(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        // Words of 32 bits, each in the machine's own byte order.
        let bytes: Vec<u8> = (0..address.len() / 8)
            .map(|word| u32::from_str_radix(address.get(word * 8..word * 8 + 8)?, 16).ok())
            .collect::<Option<Vec<u32>>>()?
            .into_iter()
            .flat_map(u32::to_ne_bytes)
            .collect();
        let address = match bytes.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(bytes).map(Ipv4Addr::from).ok()?),
            16 => IpAddr::from(<[u8; 16]>::try_from(bytes).map(Ipv6Addr::from).ok()?),
            _ => return None,
        };
        Some((SocketAddr::new(address, port), (*fields.get(9)?).to_owned()))
    }

    #[cfg(test)]
    mod tests {
        use std::net::TcpListener;

        use super::*;

        #[cfg(target_endian = "little")]
        #[test]
        fn lines_of_the_kernel() {
            let of = |line| listener(line).map(|(address, inode)| (address.to_string(), inode));
            assert_eq!(
                of(
                    "   0: 0100007F:1266 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 27221 1 0 100 0 0 10 0"
                ),
                Some(("127.0.0.1:4710".to_owned(), "27221".to_owned()))
            );
            assert_eq!(
                of(
                    "   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 99 1 0 100 0 0 10 0"
                ),
                Some(("0.0.0.0:2024".to_owned(), "99".to_owned()))
            );
            assert_eq!(
                of(
                    "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7 1"
                ),
                Some(("[::1]:8080".to_owned(), "7".to_owned()))
            );
            assert_eq!(
                of("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode"),
                None
            );
            assert_eq!(of("   2: 0100007F:1266 0100007F:A000 01 00000000:00000000 00:00000000 00000000 0 0 1 1"), None);
        }

        #[test]
        fn own_listeners_are_found() {
            let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = socket.local_addr().expect("bound");
            assert!(listening_addresses(std::process::id()).contains(&address));
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod platform {
    use std::{net::SocketAddr, process::Command};

    pub(super) fn started(pid: u32) -> Option<String> {
        let output = Command::new("ps")
            .env("LC_ALL", "C")
            .args(["-o", "stat=", "-o", "lstart=", "-p", &pid.to_string()])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (state, started) = text.trim().split_once(' ')?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }

    pub(super) fn listening_addresses(_pid: u32) -> Vec<SocketAddr> {
        Vec::new()
    }
}

#[cfg(not(unix))]
mod system {
    //! No emulator is ever started here, so there is no process to know.

    use std::net::SocketAddr;

    pub(super) fn started(_pid: u32) -> Option<String> {
        None
    }

    pub(super) fn reap(_pid: u32) {}

    pub(super) fn terminate(_pid: u32) {}

    pub(super) fn kill_group(_pid: u32) {}

    pub(super) fn listening_addresses(_pid: u32) -> Vec<SocketAddr> {
        Vec::new()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{process::Command, thread, time::Duration};

    use super::*;

    #[test]
    fn a_process_is_alive_until_it_ends() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep exists");
        let identity = Identity::of(child.id()).expect("it runs");
        assert!(identity.is_alive());
        let reused = Identity { started: "another time".to_owned(), ..identity.clone() };
        assert!(!reused.is_alive());
        reused.kill_group();
        reused.terminate();
        assert!(identity.is_alive(), "another process of the same number was signalled");
        identity.terminate();
        let ended = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            !identity.is_alive()
        });
        // Its remains are gone already, so this has nothing to wait for.
        let _ = child.wait();
        assert!(ended, "sleep goes on after SIGTERM");
    }

    #[test]
    fn numbers_that_name_no_process() {
        assert_eq!(Identity::of(0), None);
        assert_eq!(Identity::of(u32::MAX), None);
    }
}
