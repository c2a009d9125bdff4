// gVisor's netstack behind the stack protocol (docs/stack-protocol.md): one interface, one clock, its endpoints.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/bufferv2"
	secure "gvisor.dev/gvisor/pkg/rand"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	address4 = "198.18.0.1"
	address6 = "2001:db8::1"
	nic      = 1
)

type object = map[string]any

// params are those of all methods; what a method needs and did not get is an error.
type params struct {
	Seed      *int64  `json:"seed"`
	Octets    *string `json:"octets"`
	ToNs      *int64  `json:"to_ns"`
	Address   *string `json:"address"`
	Port      *uint16 `json:"port"`
	LocalPort *uint16 `json:"local_port"`
	Reuse     *bool   `json:"reuse"`
	Backlog   *int    `json:"backlog"`
	Socket    *int    `json:"socket"`
	Most      *int    `json:"most"`
	How       *string `json:"how"`
	LingerS   *int    `json:"linger_s"`
	Option    *string `json:"option"`
	Value     *int    `json:"value"`
}

var errParams = errors.New("a parameter is missing, or none of its kind")

func need[T any](p *T) T {
	if p == nil {
		panic(errParams)
	}
	return *p
}

func octets(p *string) []byte {
	all, err := hex.DecodeString(need(p))
	if err != nil {
		panic(errParams)
	}
	return all
}

// apiError is an errno's name.
type apiError string

func must(err tcpip.Error) {
	if err != nil {
		panic(apiError(errnoOf(err)))
	}
}

// As pkg/syserr has it.
func errnoOf(err tcpip.Error) string {
	switch err.(type) {
	case *tcpip.ErrWouldBlock:
		return "EAGAIN"
	case *tcpip.ErrConnectionReset:
		return "ECONNRESET"
	case *tcpip.ErrConnectionRefused:
		return "ECONNREFUSED"
	case *tcpip.ErrConnectionAborted:
		return "ECONNABORTED"
	case *tcpip.ErrTimeout:
		return "ETIMEDOUT"
	case *tcpip.ErrAborted, *tcpip.ErrClosedForSend:
		return "EPIPE"
	case *tcpip.ErrNotConnected:
		return "ENOTCONN"
	case *tcpip.ErrHostUnreachable:
		return "EHOSTUNREACH"
	case *tcpip.ErrNetworkUnreachable:
		return "ENETUNREACH"
	case *tcpip.ErrPortInUse:
		return "EADDRINUSE"
	case *tcpip.ErrNoPortAvailable:
		return "EADDRNOTAVAIL"
	case *tcpip.ErrNoBufferSpace:
		return "ENOBUFS"
	case *tcpip.ErrNotSupported, *tcpip.ErrUnknownProtocolOption:
		return "EOPNOTSUPP"
	}
	return "EINVAL"
}

// end is an endpoint, and the queue that its events come by.
type end struct {
	ep    tcpip.Endpoint
	queue *waiter.Queue
}

type random struct {
	mu     sync.Mutex
	source *rand.Rand
}

func (r *random) Read(into []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(into)
}
func (r *random) Int63() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Int63()
}
func (r *random) Seed(int64) {}

type adapter struct {
	out   *bufio.Writer
	clock Clock
	stack *stack.Stack
	link  *channel.Endpoint

	sockets map[int]end
	last    int

	mu      sync.Mutex
	changed map[int]bool // by events that have not been told
}

func (a *adapter) write(message any) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	a.out.Write(text)
	a.out.WriteByte('\n')
}

// tell hands out what has come of a request, and says whether there was anything.
func (a *adapter) tell() bool {
	rest()
	any := false
	for pkt := a.link.Read(); !pkt.IsNil(); pkt = a.link.Read() {
		view := pkt.ToView()
		a.write(object{"jsonrpc": "2.0", "method": "packet", "params": object{"octets": hex.EncodeToString(view.AsSlice())}})
		view.Release()
		pkt.DecRef()
		any = true
	}
	a.mu.Lock()
	numbers := make([]int, 0, len(a.changed))
	for number := range a.changed {
		numbers = append(numbers, number)
	}
	a.changed = map[int]bool{}
	a.mu.Unlock()
	sort.Ints(numbers)
	for _, number := range numbers {
		a.write(object{"jsonrpc": "2.0", "method": "event", "params": object{"socket": number}})
		any = true
	}
	return any
}

func (a *adapter) adopt(e end) int {
	a.last++
	number := a.last
	a.sockets[number] = e
	entry := waiter.NewFunctionEntry(waiter.EventIn|waiter.EventOut|waiter.EventErr|waiter.EventHUp, func(waiter.EventMask) {
		a.mu.Lock()
		a.changed[number] = true
		a.mu.Unlock()
	})
	e.queue.EventRegister(&entry)
	// What came before is an event, too.
	a.mu.Lock()
	a.changed[number] = true
	a.mu.Unlock()
	return number
}

func (a *adapter) find(p params) tcpip.Endpoint {
	found, ok := a.sockets[need(p.Socket)]
	if !ok {
		panic(apiError("EBADF"))
	}
	return found.ep
}

func addressOf(text string) (tcpip.Address, tcpip.NetworkProtocolNumber) {
	ip := net.ParseIP(text)
	if ip == nil {
		panic(errParams)
	}
	if four := ip.To4(); four != nil {
		return tcpip.Address(four), ipv4.ProtocolNumber
	}
	return tcpip.Address(ip), ipv6.ProtocolNumber
}

func (a *adapter) endpoint(protocol tcpip.NetworkProtocolNumber) end {
	queue := &waiter.Queue{}
	ep, err := a.stack.NewEndpoint(tcp.ProtocolNumber, protocol, queue)
	must(err)
	if protocol == ipv6.ProtocolNumber {
		ep.SocketOptions().SetV6Only(true)
	}
	return end{ep, queue}
}

func (a *adapter) hello(p params) any {
	seed := int64(1)
	if p.Seed != nil {
		seed = *p.Seed
	}
	numbers := &random{source: rand.New(rand.NewSource(seed))}
	secure.Reader = numbers // the identification of IPv4 packets comes from there
	a.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
		Clock:              &a.clock,
		RandSource:         numbers,
		SecureRNG:          numbers,
	})
	a.link = channel.New(100_000, 1500, "")
	must(a.stack.CreateNIC(nic, a.link))
	for _, one := range []struct {
		text string
		bits int
	}{{address4, 15}, {address6, 64}} {
		address, protocol := addressOf(one.text)
		must(a.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{
			Protocol:          protocol,
			AddressWithPrefix: tcpip.AddressWithPrefix{Address: address, PrefixLen: one.bits},
		}, stack.AddressProperties{}))
	}
	a.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic}})
	return object{
		"protocol": 1, "stack": "gvisor", "version": version(), "clock": "virtual",
		"capabilities": []string{"passive", "active", "half_close", "abort", "keepalive", "options", "tcp_state", "ports"},
		"ipv4":         object{"target": address4, "first_peer": "198.18.0.2", "peers": 1000},
		"ipv6":         object{"target": address6, "first_peer": "2001:db8::2", "peers": 1000},
	}
}

// Debian's sources have no version in them: it is that of the package, which the build tells.
var packageVersion = "unknown"

func version() string { return packageVersion }

func (a *adapter) packet(p params) any {
	all := octets(p.Octets)
	if len(all) == 0 {
		return object{}
	}
	protocol := tcpip.NetworkProtocolNumber(ipv4.ProtocolNumber)
	if all[0]>>4 == 6 {
		protocol = ipv6.ProtocolNumber
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: bufferv2.MakeWithData(all)})
	a.link.InjectInbound(protocol, pkt)
	pkt.DecRef()
	return object{}
}

func (a *adapter) advance(p params) any {
	most := need(p.ToNs)
	for told := false; !told; {
		f := a.clock.next(most)
		if f == nil {
			break
		}
		go f()
		told = a.tell()
	}
	return object{"now_ns": a.clock.read()}
}

func (a *adapter) listen(p params) any {
	address, protocol := addressOf(need(p.Address))
	e := a.endpoint(protocol)
	if p.Reuse != nil && *p.Reuse {
		e.ep.SocketOptions().SetReuseAddress(true)
	}
	err := e.ep.Bind(tcpip.FullAddress{Addr: address, Port: need(p.Port)})
	if err == nil {
		backlog := 1
		if p.Backlog != nil {
			backlog = *p.Backlog
		}
		err = e.ep.Listen(backlog)
	}
	if err != nil {
		e.ep.Close()
		must(err)
	}
	return object{"socket": a.adopt(e)}
}

func (a *adapter) accept(p params) any {
	var peer tcpip.FullAddress
	ep, queue, err := a.find(p).Accept(&peer)
	must(err)
	return object{"connection": a.adopt(end{ep, queue}), "address": net.IP(peer.Addr).String(), "port": peer.Port}
}

func (a *adapter) connect(p params) any {
	address, protocol := addressOf(need(p.Address))
	e := a.endpoint(protocol)
	if p.LocalPort != nil {
		e.ep.SocketOptions().SetReuseAddress(true)
		if err := e.ep.Bind(tcpip.FullAddress{Port: *p.LocalPort}); err != nil {
			e.ep.Close()
			must(err)
		}
	}
	err := e.ep.Connect(tcpip.FullAddress{NIC: nic, Addr: address, Port: need(p.Port)})
	if _, started := err.(*tcpip.ErrConnectStarted); !started && err != nil {
		e.ep.Close()
		must(err)
	}
	return object{"socket": a.adopt(e)}
}

func (a *adapter) connected(p params) any {
	ep := a.find(p)
	switch tcp.EndpointState(ep.State()) {
	case tcp.StateConnecting, tcp.StateSynSent, tcp.StateSynRecv:
		panic(apiError("EAGAIN"))
	case tcp.StateError, tcp.StateClose:
		must(ep.LastError())
		panic(apiError("ENOTCONN")) // it was told why before
	}
	return object{}
}

type payload struct{ rest []byte }

func (p *payload) Len() int { return len(p.rest) }
func (p *payload) Read(into []byte) (int, error) {
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (a *adapter) send(p params) any {
	taken, err := a.find(p).Write(&payload{octets(p.Octets)}, tcpip.WriteOptions{})
	must(err)
	return object{"taken": taken}
}

func (a *adapter) recv(p params) any {
	into := make([]byte, need(p.Most))
	writer := tcpip.SliceWriter(into)
	got, err := a.find(p).Read(&writer, tcpip.ReadOptions{})
	if _, ended := err.(*tcpip.ErrClosedForReceive); ended {
		return object{"octets": ""}
	}
	must(err)
	return object{"octets": hex.EncodeToString(into[:got.Count])}
}

func (a *adapter) shutdown(p params) any {
	how, known := map[string]tcpip.ShutdownFlags{"rd": tcpip.ShutdownRead, "wr": tcpip.ShutdownWrite,
		"rdwr": tcpip.ShutdownRead | tcpip.ShutdownWrite}[need(p.How)]
	if !known {
		panic(errParams)
	}
	must(a.find(p).Shutdown(how))
	return object{}
}

func (a *adapter) close(p params) any {
	if p.LingerS != nil {
		panic(apiError("EOPNOTSUPP"))
	}
	ep := a.find(p)
	delete(a.sockets, *p.Socket)
	ep.Close()
	return object{}
}

func (a *adapter) abort(p params) any {
	a.find(p).SocketOptions().SetLinger(tcpip.LingerOption{Enabled: true})
	return a.close(p)
}

func (a *adapter) set(p params) any {
	ep, value := a.find(p), need(p.Value)
	seconds := time.Duration(value) * time.Second
	switch need(p.Option) {
	case "keepalive":
		ep.SocketOptions().SetKeepAlive(value != 0)
	case "keepalive_idle_s":
		option := tcpip.KeepaliveIdleOption(seconds)
		must(ep.SetSockOpt(&option))
	case "keepalive_interval_s":
		option := tcpip.KeepaliveIntervalOption(seconds)
		must(ep.SetSockOpt(&option))
	case "keepalive_count":
		must(ep.SetSockOptInt(tcpip.KeepaliveCountOption, value))
	case "user_timeout_ms":
		option := tcpip.TCPUserTimeoutOption(time.Duration(value) * time.Millisecond)
		must(ep.SetSockOpt(&option))
	case "linger_s":
		ep.SocketOptions().SetLinger(tcpip.LingerOption{Enabled: value >= 0, Timeout: seconds})
	case "linger2_s":
		option := tcpip.TCPLingerTimeoutOption(seconds)
		must(ep.SetSockOpt(&option))
	case "nodelay":
		ep.SocketOptions().SetDelayOption(value == 0)
	default:
		panic(apiError("ENOPROTOOPT"))
	}
	return object{}
}

func (a *adapter) get(p params) any {
	ep := a.find(p)
	number := func(on bool) object {
		if on {
			return object{"value": 1}
		}
		return object{"value": 0}
	}
	switch need(p.Option) {
	case "keepalive":
		return number(ep.SocketOptions().GetKeepAlive())
	case "keepalive_idle_s":
		var option tcpip.KeepaliveIdleOption
		must(ep.GetSockOpt(&option))
		return object{"value": int(time.Duration(option) / time.Second)}
	case "keepalive_interval_s":
		var option tcpip.KeepaliveIntervalOption
		must(ep.GetSockOpt(&option))
		return object{"value": int(time.Duration(option) / time.Second)}
	case "keepalive_count":
		count, err := ep.GetSockOptInt(tcpip.KeepaliveCountOption)
		must(err)
		return object{"value": count}
	case "user_timeout_ms":
		var option tcpip.TCPUserTimeoutOption
		must(ep.GetSockOpt(&option))
		return object{"value": int(time.Duration(option) / time.Millisecond)}
	case "linger2_s":
		var option tcpip.TCPLingerTimeoutOption
		must(ep.GetSockOpt(&option))
		return object{"value": int(time.Duration(option) / time.Second)}
	case "nodelay":
		return number(!ep.SocketOptions().GetDelayOption())
	}
	panic(apiError("ENOPROTOOPT"))
}

func (a *adapter) takeError(p params) any {
	if err := a.find(p).LastError(); err != nil {
		return object{"errno": errnoOf(err)}
	}
	return object{"errno": ""}
}

func (a *adapter) state(p params) any {
	state := tcp.EndpointState(a.find(p).State())
	name := state.String()
	switch state {
	case tcp.StateInitial, tcp.StateBound, tcp.StateError:
		name = "CLOSED"
	case tcp.StateConnecting:
		name = "SYN-SENT"
	case tcp.StateSynRecv:
		name = "SYN-RECEIVED"
	case tcp.StateFinWait1:
		name = "FIN-WAIT-1"
	case tcp.StateFinWait2:
		name = "FIN-WAIT-2"
	}
	return object{"state": name}
}

func failure(code int, message string) object { return object{"code": code, "message": message} }

// answer calls a method, and makes what it panics with the error that it is answered with.
func (a *adapter) answer(line []byte) (reply object) {
	reply = object{"jsonrpc": "2.0", "id": nil}
	var request struct {
		ID     json.RawMessage `json:"id"`
		Method *string         `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	if !json.Valid(line) {
		reply["error"] = failure(-32700, "no JSON")
		return
	}
	if json.Unmarshal(line, &request) != nil || request.ID == nil || request.Method == nil {
		reply["error"] = failure(-32600, "no request")
		return
	}
	reply["id"] = request.ID
	method, known := map[string]func(params) any{
		"hello": a.hello, "packet": a.packet, "advance": a.advance, "listen": a.listen, "accept": a.accept,
		"unlisten": a.close, "connect": a.connect, "connected": a.connected, "send": a.send, "recv": a.recv,
		"shutdown": a.shutdown, "close": a.close, "abort": a.abort, "set": a.set, "get": a.get,
		"take_error": a.takeError, "state": a.state,
	}[*request.Method]
	if !known {
		reply["error"] = failure(-32601, "there is no method "+*request.Method)
		return
	}
	var p params
	if request.Params != nil && json.Unmarshal(request.Params, &p) != nil {
		reply["error"] = failure(-32602, errParams.Error())
		return
	}
	defer func() {
		switch wrong := recover().(type) {
		case nil:
		case apiError:
			reply["error"] = object{"code": 1, "message": string(wrong), "data": object{"errno": string(wrong)}}
		default:
			if wrong != errParams {
				panic(wrong)
			}
			reply["error"] = failure(-32602, errParams.Error())
		}
	}()
	reply["result"] = method(p)
	return
}

func main() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1) // it lives through one case
	a := &adapter{out: bufio.NewWriter(os.Stdout), sockets: map[int]end{}, changed: map[int]bool{}}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		reply := a.answer(line)
		if a.stack != nil {
			a.tell()
		}
		a.write(reply)
		a.out.Flush()
	}
}
