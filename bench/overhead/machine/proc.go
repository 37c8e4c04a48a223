package machine

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc/PID/stat, USER_HZ: 100 a second on every architecture Go runs on.
const tick = 10 * time.Millisecond

// parseStat returns the processor time of a process, user and system, from the text of /proc/PID/stat (proc_pid_stat(5)). Threads that have ended are in it.
func parseStat(text []byte) (time.Duration, error) {
	i := bytes.LastIndexByte(text, ')') // the command's name, which may hold blanks and parentheses
	if i < 0 {
		return 0, errors.New("no command in parentheses")
	}
	fields := strings.Fields(string(text[i+1:])) // from the third on
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0, fmt.Errorf("only %d fields", len(fields)+2)
	}
	var sum uint64
	for _, f := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseUint(f, 10, 38) // some 87 years: the sum stays a Duration
		if err != nil {
			return 0, fmt.Errorf("a time is %q", f)
		}
		sum += n
	}
	return time.Duration(sum) * tick, nil // #nosec G115 -- 39 bits
}

// parseResident returns VmRSS in bytes from the text of /proc/PID/status.
func parseResident(text []byte) (int64, error) {
	for line := range bytes.Lines(text) {
		value, ok := bytes.CutPrefix(line, []byte("VmRSS:"))
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(string(value)), " kB")
		n, err := strconv.ParseInt(number, 10, 50)
		if !ok || err != nil || n < 0 {
			return 0, fmt.Errorf("VmRSS is %q", value)
		}
		return n << 10, nil
	}
	return 0, errors.New("no VmRSS: the process has ended")
}

// parseWaited returns how long a thread was ready to run and did not, from the text of /proc/PID/task/TID/schedstat: time run, time waited, in ns, and time slices.
func parseWaited(text []byte) (time.Duration, error) {
	fields := strings.Fields(string(text))
	if len(fields) != 3 {
		return 0, fmt.Errorf("%d fields, not 3", len(fields))
	}
	n, err := strconv.ParseUint(fields[1], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the time waited is %q", fields[1])
	}
	return time.Duration(n), nil // #nosec G115 -- 63 bits
}

// parseModel returns the processor's name from the text of /proc/cpuinfo, "" when it has none, as on most ARM machines.
func parseModel(text []byte) string {
	for line := range bytes.Lines(text) {
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(key)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}
