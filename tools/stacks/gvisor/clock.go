package main

import (
	"bytes"
	"container/heap"
	"runtime"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// Clock is a tcpip.Clock that stands still between requests, and goes from timer to timer when it is told to.
type Clock struct {
	mu     sync.Mutex
	now    int64 // nanoseconds
	timers timers
	last   uint64
}

type timer struct {
	clock *Clock
	at    int64
	order uint64 // of those of one time, the first that was set fires first
	place int    // in the heap; -1: not set
	f     func()
}

func (c *Clock) Now() time.Time { return time.Unix(0, c.read()) }

func (c *Clock) NowMonotonic() tcpip.MonotonicTime {
	var zero tcpip.MonotonicTime
	return zero.Add(time.Duration(c.read()))
}

func (c *Clock) read() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	t := &timer{clock: c, f: f, place: -1}
	t.Reset(d)
	return t
}

func (t *timer) Reset(d time.Duration) {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 {
		d = 0
	}
	if t.place >= 0 {
		heap.Remove(&c.timers, t.place)
	}
	c.last++
	t.at, t.order = c.now+int64(d), c.last
	heap.Push(&c.timers, t)
}

func (t *timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.place < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.place)
	return true
}

// next goes to the first timer that is due by then, and returns what to call; nil, and the clock is at `most`, if none is.
func (c *Clock) next(most int64) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 || c.timers[0].at > most {
		c.now = most
		return nil
	}
	t := heap.Pop(&c.timers).(*timer)
	if t.at > c.now {
		c.now = t.at
	}
	return t.f
}

type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || (t[i].at == t[j].at && t[i].order < t[j].order)
}
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].place, t[j].place = i, j
}
func (t *timers) Push(x any) {
	one := x.(*timer)
	one.place = len(*t)
	*t = append(*t, one)
}
func (t *timers) Pop() any {
	old := *t
	one := old[len(old)-1]
	*t = old[:len(old)-1]
	one.place = -1
	return one
}

var stacks = make([]byte, 1<<20)

// rest returns when no other goroutine can run: what a request has set off has happened then. With one processor,
// yielding lets the others run; that none is left is read from their states.
func rest() {
	for {
		for i := 0; i < 4; i++ {
			runtime.Gosched()
		}
		n := runtime.Stack(stacks, true)
		for ; n == len(stacks); n = runtime.Stack(stacks, true) {
			stacks = make([]byte, 2*len(stacks))
		}
		all := stacks[:n]
		// The first is ours, and running.
		if i := bytes.Index(all, []byte("\n\ngoroutine ")); i < 0 || !anyRuns(all[i:]) {
			return
		}
	}
}

func anyRuns(all []byte) bool {
	return bytes.Contains(all, []byte(" [runnable")) || bytes.Contains(all, []byte(" [running")) ||
		bytes.Contains(all, []byte(" [syscall")) || bytes.Contains(all, []byte(" [preempted"))
}
