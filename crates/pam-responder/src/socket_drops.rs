//! Datagrams that the kernel dropped because a socket's buffer was full: on Linux it counts them
//! for each socket in `/proc/net/udp` (proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::AsFd;

/// The number under which the kernel lists a socket.
pub(crate) fn inode(socket: impl AsFd) -> Option<u64> {
    rustix::fs::fstat(socket).ok().map(|stat| stat.st_ino)
}

/// What was dropped of each socket of this network namespace; nothing where the kernel does not
/// say.
pub(crate) fn read() -> BTreeMap<u64, u32> {
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];
    let tables = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
    tables.iter().flat_map(|table| rows(table)).collect()
}

/// The socket's number is the tenth field of a row, and what was dropped the last.
fn rows(table: &str) -> impl Iterator<Item = (u64, u32)> {
    table.lines().skip(1).filter_map(|row| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let inode = fields.get(9)?.parse().ok()?;
        let dropped = fields.get(12)?.parse().ok()?;
        Some((inode, dropped))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_dropped_of_a_socket() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            \x20 1024: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000   104        0 21845 2 0000000000000000 17\n\
            \x20 2048: 00000000:0203 00000000:0000 07 00000000:00034500 00:00000000 00000000     0        0 21846 2 0000000000000000 0\n";
        let rows: Vec<(u64, u32)> = rows(table).collect();
        assert_eq!(rows, [(21_845, 17), (21_846, 0)]);
        assert_eq!(super::rows("no table\n1 2 3\n").count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_full_buffer_drops_is_counted() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let dropped = || read().get(&inode(&socket).unwrap()).copied();
        assert_eq!(dropped(), Some(0));
        let sent = 4_096;
        for _ in 0..sent {
            let all = sender.send_to(&[0; 1_024], socket.local_addr().unwrap());
            assert_eq!(all.unwrap(), 1_024);
        }
        socket.set_nonblocking(true).unwrap();
        let received = (0..).take_while(|_| socket.recv(&mut [0; 1_024]).is_ok());
        assert_eq!(received.count() as u32 + dropped().unwrap(), sent);
    }
}
