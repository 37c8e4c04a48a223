package sim

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// wire is a way in which an answer goes wrong on the connection, below HTTP. One
// fault has at most one.
type wire uint8

const (
	wireNone         wire = iota
	cutHeaders            // closed before any byte
	cutBetween            // closed after N events, between chunks
	cutInside             // closed inside the Nth chunk
	resetAfter            // RST after N events
	stallHeaders          // no byte until the client leaves
	stallAfter            // no byte after N events until the client leaves
	badStatus             // a status line that is none
	badHeader             // a header line without a colon
	badChunk              // a chunk size that is no number
	badLength             // a Content-Length that is no number
	twoLengths            // two different Content-Lengths
	lengthAndChunked      // Content-Length and Transfer-Encoding
	bareLF                // lines of the head end with LF
	foldedHeader          // a folded header line
	hugeHeader            // a header line of 1 MiB
	shortBody             // Content-Length is N larger than the body
	longBody              // bytes follow after Content-Length is reached
	untilClose            // no framing: the body ends with the connection
)

// garbage is a way in which the content of an answer goes wrong.
type garbage uint8

const (
	noGarbage      garbage = iota
	garbageHTML            // a page instead of events
	garbageBinary          // bytes
	garbageJSON            // one event with truncated JSON
	garbageUTF8            // one event with invalid UTF-8
	garbageEndless         // an event that never ends
	garbageNoBlank         // no blank lines between events
)

// fault is a parsed x-sim-fault header; the zero value is no fault.
type fault struct {
	wire      wire
	at        int // N of wire: events, or bytes of shortBody
	garbage   garbage
	garbageAt int // events before the garbage begins
	status    int // 0: as the model says
	retry     string
	redirect  string
	slow      time.Duration // gap after every byte
	clean     int           // the stream ends in order after clean-1 events; 0: at its end
	early     bool          // a 103 comes first
	gzip      bool
	stale     bool
	fail      int // applies only to the first so many requests of a key; 0: to all
}

// maxFaultCount bounds every N of the grammar.
const maxFaultCount = 1 << 20

// parseFault reads the grammar
//
//	fault = item *( ";" item )
//	item  = name [ ( "=" / ":" ) argument ]
//
// whose names are the rows of README.md. An empty header is no fault.
func parseFault(header string) (fault, error) {
	var f fault
	for item := range strings.SplitSeq(header, ";") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		name, arg := item, ""
		if i := strings.IndexAny(item, "=:"); i >= 0 {
			name, arg = strings.TrimSpace(item[:i]), strings.TrimSpace(item[i+1:])
		}
		if err := f.set(name, arg); err != nil {
			return fault{}, fmt.Errorf("x-sim-fault: item %q: %w", item, err)
		}
	}
	if f.fail > 0 && f == (fault{fail: f.fail}) {
		f.status = 503
	}
	return f, nil
}

func (f *fault) set(name, arg string) (err error) {
	switch name {
	case "status":
		f.status, err = between(arg, 200, 599)
	case "retry-after":
		if f.retry = arg; arg == "" || strings.ContainsFunc(arg, notVisible) {
			err = errors.New("want seconds or a date")
		}
	case "cut":
		err = f.setCut(arg)
	case "reset":
		err = f.setWire(resetAfter, arg, 0)
	case "stall":
		err = f.setStall(arg)
	case "garbage":
		err = f.setGarbage(arg)
	case "malformed":
		w, ok := malformed[arg]
		if !ok {
			return errors.New("want status, header, chunk, length, double-length, both, lf, fold or huge")
		}
		err = f.setWire(w, "0", 0)
	case "slow":
		if f.slow, err = time.ParseDuration(arg); err == nil && (f.slow <= 0 || f.slow > time.Hour) {
			err = errors.New("want a duration up to 1h, such as 10ms")
		}
	case "short":
		err = f.setWire(shortBody, arg, 1)
	case "redirect":
		if _, err = url.Parse(arg); err == nil && arg == "" {
			err = errors.New("want a URL")
		}
		f.redirect = arg
	case "fail":
		f.fail, err = between(arg, 1, maxFaultCount)
	default:
		return f.setFlag(name, arg)
	}
	return err
}

func (f *fault) setFlag(name, arg string) error {
	if arg != "" {
		return errors.New("takes no argument, or is unknown")
	}
	switch name {
	case "long":
		return f.setWire(longBody, "0", 0)
	case "close":
		return f.setWire(untilClose, "0", 0)
	case "1xx":
		f.early = true
	case "gzip":
		f.gzip = true
	case "stale":
		f.stale = true
	default:
		return errors.New("unknown fault")
	}
	return nil
}

var malformed = map[string]wire{
	"status": badStatus, "header": badHeader, "chunk": badChunk, "length": badLength, "double-length": twoLengths,
	"both": lengthAndChunked, "lf": bareLF, "fold": foldedHeader, "huge": hugeHeader,
}

var garbageKinds = map[string]garbage{
	"html": garbageHTML, "binary": garbageBinary, "json": garbageJSON, "utf8": garbageUTF8,
	"endless": garbageEndless, "noblank": garbageNoBlank,
}

func (f *fault) setWire(w wire, arg string, low int) (err error) {
	if f.wire != wireNone {
		return errors.New("only one of cut, reset, stall, malformed, short, long, close at a time")
	}
	f.wire = w
	f.at, err = between(arg, low, maxFaultCount)
	return err
}

func (f *fault) setCut(arg string) (err error) {
	where, n, _ := strings.Cut(arg, ":")
	switch where {
	case "headers":
		if n != "" {
			return errors.New("cut=headers takes no count")
		}
		return f.setWire(cutHeaders, "0", 0)
	case "between":
		return f.setWire(cutBetween, n, 0)
	case "inside":
		return f.setWire(cutInside, n, 1)
	case "clean":
		f.clean, err = between(n, 0, maxFaultCount)
		f.clean++
		return err
	}
	return errors.New("want headers, between:N, inside:N or clean:N")
}

func (f *fault) setStall(arg string) error {
	switch arg {
	case "headers":
		return f.setWire(stallHeaders, "0", 0)
	case "after-headers":
		return f.setWire(stallAfter, "0", 0)
	}
	return f.setWire(stallAfter, arg, 0)
}

func (f *fault) setGarbage(arg string) (err error) {
	kind, n, counted := strings.Cut(arg, ":")
	g, ok := garbageKinds[kind]
	if !ok {
		return errors.New("want html, binary, json, utf8, endless or noblank, and :N to let N events pass first")
	}
	f.garbage = g
	if counted {
		f.garbageAt, err = between(n, 0, maxFaultCount)
	}
	return err
}

func between(s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("want a number from %d to %d", low, high)
	}
	return n, nil
}

func notVisible(r rune) bool { return r < ' ' || r > '~' }
