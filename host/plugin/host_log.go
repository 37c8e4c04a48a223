package plugin

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"weir/host/frame"
	"weir/sdk/abi"
)

// A pool writes linesPerSecond lines of its guests to the log, and burst at once.
const (
	linesPerSecond = 10
	linesBurst     = 50
	maxLine        = 1 << 10 // bytes of one line; the rest is cut
)

// lines is the log of one pool's guests: cleaned, cut and no more than a steady few.
type lines struct {
	log *slog.Logger
	who []any

	mu      sync.Mutex
	credit  int64 // nanoseconds' worth of lines
	seen    int64 // on the clock of frame.Nanotime
	dropped int64
}

func newLines(log *slog.Logger, plugin, tenant string) *lines {
	who := []any{slog.String("plugin", plugin)}
	if tenant != "" {
		who = append(who, slog.String("tenant", tenant))
	}
	return &lines{log: log, who: who, credit: linesBurst * perLine, seen: frame.Nanotime()}
}

const perLine = int64(1e9) / linesPerSecond

// take tells whether a line may be written now, and how many were dropped before it.
func (l *lines) take(now int64) (dropped int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.credit = min(l.credit+now-l.seen, linesBurst*perLine)
	l.seen = now
	if l.credit < perLine {
		l.dropped++
		return 0, false
	}
	l.credit -= perLine
	dropped, l.dropped = l.dropped, 0
	return dropped, true
}

// guest writes a line of the guest's.
func (l *lines) guest(level slog.Level, text []byte) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	dropped, ok := l.take(frame.Nanotime())
	if !ok {
		return
	}
	args := append(l.who[:len(l.who):len(l.who)], slog.String("text", clean(string(text), maxLine)))
	if dropped > 0 {
		args = append(args, slog.Int64("dropped", dropped))
	}
	l.log.Log(ctx, level, "plugin says", args...)
}

// host writes a line of the host's own about the plugin.
func (l *lines) host(what string, err error) {
	if _, ok := l.take(frame.Nanotime()); ok {
		l.log.Warn(what, append(l.who[:len(l.who):len(l.who)], slog.String("error", clean(err.Error(), maxLine)))...)
	}
}

// levels are the guest's, by number.
var levels = [...]slog.Level{
	abi.LogDebug: slog.LevelDebug, abi.LogInfo: slog.LevelInfo, abi.LogWarn: slog.LevelWarn, abi.LogError: slog.LevelError,
}

// hostLog: (level, text, text_len).
func hostLog(i *instance, stack []uint64) {
	i.charge(fuelLog)
	level := slog.LevelInfo
	if n := uint32(stack[0]); int(n) < len(levels) {
		level = levels[n]
	}
	if text, ok := i.mem.Read(uint32(stack[1]), uint32(stack[2])); ok {
		i.say(level, text)
	} else {
		i.refuse(refusedLog, "log")
	}
}

// say writes a line within the call's quota.
func (i *instance) say(level slog.Level, text []byte) {
	text = text[:min(len(text), maxLine)]
	i.quota.logLines++
	i.quota.logBytes += len(text)
	if i.quota.logLines > abi.LogLines || i.quota.logBytes > abi.LogBytes {
		i.refuse(refusedLog, "log")
		return
	}
	i.grant.log.guest(level, text)
}

// Print implements wasi.Guest: lines of standard output and error go to the log, at level info. A runtime writes a line in pieces.
func (i *instance) Print(p []byte) {
	for len(p) > 0 && i.quota.logLines <= abi.LogLines {
		text, rest, ended := bytes.Cut(p, []byte{'\n'})
		i.line = append(i.line, text[:min(len(text), maxLine-len(i.line))]...)
		if ended {
			i.charge(fuelLog)
			i.flush()
		}
		p = rest
	}
	if len(p) > 0 {
		i.refuse(refusedLog, "fd_write")
	}
}

// flush ends the line in hand.
func (i *instance) flush() {
	i.say(slog.LevelInfo, i.line)
	i.line = i.line[:0]
}

// clean makes text of a guest fit for a log: valid UTF-8 on one line, without control characters and those that change the
// direction of what follows, of at most about most bytes.
func clean(text string, most int) string {
	cut := len(text) > most
	if cut {
		text = text[:most]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
		if len(text) > 0 && text[len(text)-1] >= utf8.RuneSelf {
			text = text[:len(text)-1]
		}
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029':
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
	if cut {
		text += "…"
	}
	return text
}
