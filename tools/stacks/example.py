#!/usr/bin/python3
"""A stack behind the stack protocol (docs/stack-protocol.md): a small TCP over IPv4, written to be read.

    finwait check-adapter tools/stacks/example.py
    finwait run --target 'stack:tools/stacks/example.py' 'release/**'

The lower half is the adapter: it would be the same for any stack. The upper half is the TCP: RFC 9293 without options but
the MSS, without congestion control, and with one timer for all. What it lacks, it does not declare.
"""

import errno
import json
import random
import socket as names
import struct
import sys

ADDRESS, FIRST_PEER, PEERS = "198.18.0.1", "198.18.0.2", 1000
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WINDOW, MSS = 60000, 536
SECOND = 1_000_000_000
RTO, RTO_MAX, RETRIES, TWO_MSL = SECOND, 60 * SECOND, 8, 240 * SECOND


def minus(a, b):
    """Sequence numbers: how far a lies after b, -2**31 .. 2**31 - 1."""
    return (a - b + 2**31) % 2**32 - 2**31


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets + b'0') // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Segment:
    """What a TCP makes of a packet, or a packet of."""

    def __init__(self, source, target, flags, seq, ack=0, text=b"", window=WINDOW, options=b""):
        self.source, self.target, self.flags, self.seq, self.ack = source, target, flags, seq % 2**32, ack % 2**32
        self.text, self.window, self.options = text, window, options

    @classmethod
    def parse(cls, packet):
        """None for what is no TCP segment over IPv4, or damaged."""
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != 6 or packet[6] & 0x3F or packet[7]:
            return None
        header, total = 4 * (packet[0] & 15), int.from_bytes(packet[2:4], "big")
        tcp = packet[header:total]
        if header < 20 or total > len(packet) or len(tcp) < 20 or checksum(packet[:header]):
            return None
        if checksum(packet[12:20] + struct.pack("!BBH", 0, 6, len(tcp)) + tcp):
            return None
        source_port, target_port, seq, ack, offset, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
        if not 20 <= 4 * (offset >> 4) <= len(tcp):
            return None
        source = (names.inet_ntoa(packet[12:16]), source_port)
        return cls(source, (names.inet_ntoa(packet[16:20]), target_port), flags, seq, ack, tcp[4 * (offset >> 4):], window)

    def packet(self):
        tcp = struct.pack("!HHIIBBHHH", self.source[1], self.target[1], self.seq, self.ack,
                          (20 + len(self.options)) // 4 << 4, self.flags, self.window, 0, 0) + self.options + self.text
        addresses = names.inet_aton(self.source[0]) + names.inet_aton(self.target[0])
        check = checksum(addresses + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
        return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp

    def length(self):
        return len(self.text) + bool(self.flags & SYN) + bool(self.flags & FIN)


class Connection:
    """A TCB (RFC 9293 3.3.1), and the application's end of it."""

    def __init__(self, stack, local, peer, state):
        self.stack, self.local, self.peer, self.state = stack, local, peer, state
        self.iss = self.snd_una = self.snd_nxt = stack.random.getrandbits(32)
        self.snd_wnd, self.rcv_nxt, self.listener = WINDOW, 0, None
        self.queue, self.fin_wanted, self.fin_sent = b"", False, False
        self.received, self.ended, self.error, self.orphan = b"", False, 0, False
        self.timer, self.rto, self.retries = None, RTO, 0

    def window(self):
        return WINDOW - len(self.received)

    def send(self, flags, seq, text=b"", options=b""):
        ack = self.rcv_nxt if flags & ACK else 0
        self.stack.send(Segment(self.local, self.peer, flags, seq, ack, text, self.window(), options))

    def acknowledge(self):
        self.send(ACK, self.snd_nxt)

    def syn(self):
        self.send(SYN if self.state == "SYN-SENT" else SYN | ACK, self.iss, options=struct.pack("!BBH", 2, 4, 1460))
        self.snd_nxt = (self.iss + 1) % 2**32

    def start(self, after):
        self.timer = self.stack.now + after

    def output(self, again=False):
        """Sends what the peer's window has room for: all that is new, or the oldest once more."""
        if self.state in ("SYN-SENT", "SYN-RECEIVED"):
            return self.syn() if again else None
        sent = 0 if again else minus(self.snd_nxt, self.snd_una) - self.fin_sent
        room = max(self.snd_wnd, again and 1)
        while True:
            text = self.queue[sent:sent + min(MSS, max(room - sent, 0))]
            last = sent + len(text) == len(self.queue)
            fin = last and self.fin_wanted and (again or not self.fin_sent) and sent + len(text) < room
            if not text and not fin:
                break
            self.send(ACK | (FIN if fin else 0) | (PSH if text else 0), self.snd_una + sent, text)
            sent += len(text)
            self.fin_sent = self.fin_sent or fin
            if minus(self.snd_una + sent + fin, self.snd_nxt) > 0:
                self.snd_nxt = (self.snd_una + sent + fin) % 2**32
            if again or fin:
                break
        if self.timer is None and (self.snd_nxt != self.snd_una or self.queue or self.fin_wanted and not self.fin_sent):
            self.start(self.rto)

    def closed(self, error=0):
        self.state, self.timer, self.ended = "CLOSED", None, True
        self.error = self.error or error
        self.stack.forget(self)

    def timed_out(self):
        if self.state == "TIME-WAIT":
            return self.closed()
        self.retries, self.rto = self.retries + 1, min(2 * self.rto, RTO_MAX)
        if self.retries > RETRIES:
            return self.closed(errno.ETIMEDOUT)
        self.start(self.rto)
        self.output(again=True)

    # --- RFC 9293 3.10.7.3

    def opens(self, s):
        good = s.flags & ACK and s.ack == self.snd_nxt
        if s.flags & ACK and not good:
            return None if s.flags & RST else self.stack.reset(s)
        if s.flags & RST:
            return self.closed(errno.ECONNREFUSED) if good else None
        if not s.flags & SYN:
            return None
        self.rcv_nxt, self.snd_wnd, self.timer, self.rto, self.retries = (s.seq + 1) % 2**32, s.window, None, RTO, 0
        if not good:
            self.state = "SYN-RECEIVED"
            self.start(self.rto)
            return self.syn()
        self.snd_una, self.state = s.ack, "ESTABLISHED"
        self.acknowledge()
        return self.stack.changed(self)

    # --- RFC 9293 3.10.7.4

    def arrives(self, s):
        if self.state == "SYN-SENT":
            return self.opens(s)
        room = self.window()
        first, last = minus(s.seq, self.rcv_nxt), minus(s.seq, self.rcv_nxt) + max(s.length() - 1, 0)
        inside = (0 <= first < room or 0 <= last < room) if room else first == 0 and s.length() == 0
        if s.flags & RST:
            if first == 0:
                refused = self.state == "SYN-RECEIVED" and self.listener is None
                self.closed(errno.ECONNREFUSED if refused else errno.ECONNRESET)
            elif inside:
                self.acknowledge()
            return None
        if not inside:
            if self.state == "TIME-WAIT" and s.flags & FIN and last == -1:
                self.start(TWO_MSL)
            return self.acknowledge()
        if s.flags & SYN:
            return self.acknowledge()  # RFC 5961 4
        if not s.flags & ACK:
            return None
        if self.state == "SYN-RECEIVED":
            if s.ack != self.snd_nxt:
                return self.stack.reset(s)
            self.state, self.snd_una, self.snd_wnd, self.timer, self.rto, self.retries = "ESTABLISHED", s.ack, s.window, None, RTO, 0
            self.stack.established(self)
        if not self.acknowledged(s) or self.state == "CLOSED":
            return None
        self.takes(s)
        return self.output()

    def acknowledged(self, s):
        if minus(s.ack, self.snd_nxt) > 0:
            self.acknowledge()
            return False
        new = minus(s.ack, self.snd_una)
        if new >= 0:
            self.snd_wnd = s.window
        if new <= 0:
            return True
        of_fin = self.fin_sent and s.ack == self.snd_nxt
        self.queue, self.snd_una = self.queue[new - of_fin:], s.ack
        self.timer, self.rto, self.retries = None, RTO, 0
        if of_fin:
            self.fin_wanted = self.fin_sent = False
            if self.state == "LAST-ACK":
                self.closed()
            elif self.state == "CLOSING":
                self.time_wait()
            elif self.state == "FIN-WAIT-1":
                self.state = "FIN-WAIT-2"
        self.stack.changed(self)
        return True

    def time_wait(self):
        self.state = "TIME-WAIT"
        self.start(TWO_MSL)

    def takes(self, s):
        skip = minus(self.rcv_nxt, s.seq)
        if not s.length() or self.state not in ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"):
            return
        if skip < 0:
            self.acknowledge()  # above a gap: dropped
            return
        text = s.text[skip:skip + self.window()]
        if text and self.orphan:
            self.send(RST | ACK, self.snd_nxt)
            self.closed()
            return
        self.received += text
        self.rcv_nxt = (self.rcv_nxt + len(text)) % 2**32
        if s.flags & FIN and skip + len(text) == len(s.text):
            self.rcv_nxt, self.ended = (self.rcv_nxt + 1) % 2**32, True
            self.state = {"ESTABLISHED": "CLOSE-WAIT", "FIN-WAIT-1": "CLOSING"}.get(self.state, "TIME-WAIT")
            if self.state == "TIME-WAIT":
                self.time_wait()
        self.acknowledge()
        self.stack.changed(self)

    # --- the application's calls

    def shut(self):
        if self.state in ("SYN-SENT", "CLOSED"):
            self.closed()
        elif not self.fin_wanted and self.state in ("SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT"):
            self.fin_wanted = True
            self.state = "LAST-ACK" if self.state == "CLOSE-WAIT" else "FIN-WAIT-1"
            self.output()

    def abort(self):
        if self.state not in ("SYN-SENT", "CLOSED", "TIME-WAIT"):
            self.send(RST | ACK, self.snd_nxt)
        self.closed()


class Stack:
    def __init__(self, seed, put_out, tell):
        self.random, self.now, self.put_out, self.tell = random.Random(seed), 0, put_out, tell
        self.connections, self.listening, self.sockets, self.last = {}, {}, {}, 0

    def send(self, segment):
        self.put_out(segment.packet())

    def reset(self, s):
        """RFC 9293 3.5.2, group 1."""
        if s.flags & RST:
            return
        if s.flags & ACK:
            self.send(Segment(s.target, s.source, RST, s.ack, window=0))
        else:
            self.send(Segment(s.target, s.source, RST | ACK, 0, s.seq + s.length(), window=0))

    def packet(self, octets):
        s = Segment.parse(octets)
        if s is None or s.target[0] != ADDRESS:
            return
        connection, listener = self.connections.get((s.target[1], s.source)), self.listening.get(s.target[1])
        if connection:
            connection.arrives(s)
        elif listener is None or s.flags & (RST | ACK):
            self.reset(s)
        elif s.flags & SYN:
            connection = Connection(self, s.target, s.source, "SYN-RECEIVED")
            connection.rcv_nxt, connection.snd_wnd, connection.listener = (s.seq + 1) % 2**32, s.window, listener
            self.connections[s.target[1], s.source] = connection
            connection.syn()
            connection.start(connection.rto)

    def established(self, connection):
        if connection.listener:
            connection.listener["waiting"].append(connection)
            self.tell(connection.listener["id"])
        self.changed(connection)

    def changed(self, connection):
        for number, known in self.sockets.items():
            if known is connection:
                self.tell(number)

    def forget(self, connection):
        self.connections.pop((connection.local[1], connection.peer), None)
        self.changed(connection)

    def next_timer(self):
        return min((c for c in self.connections.values() if c.timer is not None), key=lambda c: c.timer, default=None)

    def adopt(self, thing):
        self.last += 1
        self.sockets[self.last] = thing
        return self.last


# --- the adapter

class ApiError(Exception):
    pass


class Adapter:
    def __init__(self):
        self.stack, self.told = None, False

    def notify(self, method, **params):
        self.told = True
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message):
        sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")

    def hello(self, protocol, harness="", seed=1):
        self.stack = Stack(seed, lambda packet: self.notify("packet", octets=packet.hex()),
                           lambda number: self.notify("event", socket=number))
        return {"protocol": 1, "stack": "example", "version": "1", "clock": "virtual", "profile": "rfc9293",
                "capabilities": ["passive", "active", "half_close", "abort", "tcp_state", "ports"],
                "ipv4": {"target": ADDRESS, "first_peer": FIRST_PEER, "peers": PEERS}}

    def packet(self, octets):
        self.stack.packet(bytes.fromhex(octets))
        return {}

    def advance(self, to_ns):
        self.told = False
        while not self.told:
            first = self.stack.next_timer()
            if first is None or first.timer > to_ns:
                self.stack.now = to_ns
                break
            self.stack.now, first.timer = first.timer, None
            first.timed_out()
        return {"now_ns": self.stack.now}

    def find(self, number, kind=Connection):
        found = self.stack.sockets.get(number)
        if not isinstance(found, kind):
            raise ApiError(errno.EBADF)
        return found

    def listen(self, address, port, reuse=True, backlog=1):
        if port in self.stack.listening:
            raise ApiError(errno.EADDRINUSE)
        listener = {"port": port, "waiting": []}
        listener["id"] = self.stack.adopt(listener)
        self.stack.listening[port] = listener
        return {"socket": listener["id"]}

    def accept(self, socket):
        listener = self.find(socket, dict)
        while listener["waiting"]:
            connection = listener["waiting"].pop(0)
            if connection.state != "CLOSED":
                number = self.stack.adopt(connection)
                return {"connection": number, "address": connection.peer[0], "port": connection.peer[1]}
        raise ApiError(errno.EAGAIN)

    def unlisten(self, socket):
        listener = self.find(socket, dict)
        del self.stack.listening[listener["port"]], self.stack.sockets[socket]
        for connection in [c for c in self.stack.connections.values() if c.listener is listener]:
            if connection in listener["waiting"] or connection.state == "SYN-RECEIVED":
                connection.abort()
        return {}

    def connect(self, address, port, local_port=None):
        local = (ADDRESS, local_port or self.stack.random.randrange(49152, 65536))
        if (local[1], (address, port)) in self.stack.connections:
            raise ApiError(errno.EADDRINUSE)
        connection = Connection(self.stack, local, (address, port), "SYN-SENT")
        self.stack.connections[local[1], (address, port)] = connection
        number = self.stack.adopt(connection)
        connection.syn()
        connection.start(connection.rto)
        return {"socket": number}

    def connected(self, socket):
        connection = self.find(socket)
        self.fail(connection)
        if connection.state in ("SYN-SENT", "SYN-RECEIVED"):
            raise ApiError(errno.EAGAIN)
        if connection.state == "CLOSED":
            raise ApiError(errno.ENOTCONN)  # it was told why before
        return {}

    def fail(self, connection):
        error, connection.error = connection.error, 0
        if error:
            raise ApiError(error)

    def send(self, socket, octets):
        connection, text = self.find(socket), bytes.fromhex(octets)
        self.fail(connection)
        if connection.state not in ("ESTABLISHED", "CLOSE-WAIT"):
            raise ApiError(errno.EPIPE)
        connection.queue += text
        connection.output()
        return {"taken": len(text)}

    def recv(self, socket, most):
        connection = self.find(socket)
        text, connection.received = connection.received[:most], connection.received[most:]
        if not text and most:
            self.fail(connection)
            if not connection.ended:
                raise ApiError(errno.EAGAIN)
        return {"octets": text.hex()}

    def shutdown(self, socket, how):
        connection = self.find(socket)
        if connection.state == "CLOSED":
            raise ApiError(errno.ENOTCONN)
        if how != "rd":
            connection.shut()
        if how != "wr":
            connection.ended = True
        return {}

    def close(self, socket, linger_s=None):
        if linger_s is not None:
            raise ApiError(errno.EOPNOTSUPP)
        connection = self.find(socket)
        del self.stack.sockets[socket]
        connection.orphan = True
        if connection.received:
            connection.abort()  # RFC 9293 3.6.1, SHLD-3: what nobody has read is lost
        else:
            connection.shut()
        return {}

    def abort(self, socket):
        connection = self.find(socket)
        del self.stack.sockets[socket]
        connection.abort()
        return {}

    def take_error(self, socket):
        connection = self.find(socket)
        error, connection.error = connection.error, 0
        return {"errno": errno.errorcode[error] if error else ""}

    def state(self, socket):
        return {"state": self.find(socket).state}

    METHODS = {"hello", "packet", "advance", "listen", "accept", "unlisten", "connect", "connected", "send", "recv",
               "shutdown", "close", "abort", "take_error", "state"}

    def answer(self, line):
        try:
            request = json.loads(line)
        except ValueError:
            return {"id": None, "error": {"code": -32700, "message": "no JSON"}}
        if not isinstance(request, dict) or "id" not in request or not isinstance(request.get("method"), str):
            return {"id": None, "error": {"code": -32600, "message": "no request"}}
        number, method = request["id"], request["method"]
        if method not in self.METHODS:
            return {"id": number, "error": {"code": -32601, "message": "there is no method " + method}}
        try:
            return {"id": number, "result": getattr(self, method)(**request.get("params", {}))}
        except ApiError as error:
            name = errno.errorcode[error.args[0]]
            return {"id": number, "error": {"code": 1, "message": name, "data": {"errno": name}}}
        except (TypeError, ValueError) as error:
            return {"id": number, "error": {"code": -32602, "message": str(error)}}

    def run(self):
        for line in sys.stdin:
            self.write({"jsonrpc": "2.0", **self.answer(line)})
            sys.stdout.flush()


if __name__ == "__main__":
    Adapter().run()
