package host

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"weir/host/dialect"
)

// maxReplayLine bounds one line of records, in bytes. Records of this version stay well below.
const maxReplayLine = 16 << 20

// replayRecord is what a replay reads of a record: see the table in host/telemetry/README.md. What is not there is zero, and what it does not
// know is left alone.
type replayRecord struct {
	Time       string            `json:"time"`
	RequestID  string            `json:"request_id"`
	Tenant     string            `json:"tenant"`
	Session    string            `json:"session"`
	Route      string            `json:"route"`
	Endpoint   string            `json:"endpoint"`
	Model      string            `json:"model"`
	Target     string            `json:"target"`
	Provider   string            `json:"provider"`
	Attempts   []json.RawMessage `json:"attempts"`
	Stream     bool              `json:"stream"`
	Status     int               `json:"status"`
	Outcome    string            `json:"outcome"`
	Input      int64             `json:"input_tokens"`
	Cached     int64             `json:"cached_tokens"`
	CacheWrite int64             `json:"cache_write_tokens"`
	Output     int64             `json:"output_tokens"`
	Reasoning  int64             `json:"reasoning_tokens"`
	Estimated  bool              `json:"estimated"`
	MS         struct {
		Gateway float64  `json:"gateway"`
		Queue   float64  `json:"queue"`
		TTFT    *float64 `json:"ttft"`
		Total   float64  `json:"total"`
	} `json:"ms"`
	Finish string `json:"finish"`

	RawVerdicts json.RawMessage `json:"verdicts"`
	RawText     json.RawMessage `json:"text"`

	verdicts []recordedVerdict
	text     *recordedText // nil: content was not recorded, or there was none
	endpoint dialect.Endpoint
}

// recordedVerdict is what a plugin said in one hook.
type recordedVerdict struct {
	Plugin  string   `json:"plugin"`
	Hook    string   `json:"hook"`
	Action  string   `json:"action"`
	Score   *float64 `json:"score"`
	US      float64  `json:"us"`
	Fuel    int64    `json:"fuel"`
	Fault   string   `json:"fault"`
	Calls   *int64   `json:"calls"` // nil: one
	Observe bool     `json:"observe"`
}

// recordedText is what was said.
type recordedText struct {
	Messages  []recordedMessage `json:"messages"`
	Answer    string            `json:"answer"`
	Truncated bool              `json:"truncated"`
}

// recordedMessage is one text of a message.
type recordedMessage struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// readRecord reads one line. Members of a type that it does not expect are as good as absent, but for verdicts and texts: a comparison
// without them would be wrong.
func readRecord(line []byte) (*replayRecord, error) {
	if b := bytes.TrimLeft(line, " \t\r"); len(b) == 0 || b[0] != '{' {
		return nil, errors.New("it is not a JSON object")
	}
	r := &replayRecord{}
	var typed *json.UnmarshalTypeError
	if err := json.Unmarshal(line, r); err != nil && !errors.As(err, &typed) {
		return nil, err
	}
	if err := decodeMember(r.RawVerdicts, "verdicts", &r.verdicts); err != nil {
		return nil, err
	}
	if err := decodeMember(r.RawText, "text", &r.text); err != nil {
		return nil, err
	}
	r.RawVerdicts, r.RawText = nil, nil
	r.endpoint = endpointNamed(r.Endpoint)
	return r, nil
}

func decodeMember(raw json.RawMessage, name string, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("its member %s is of a shape that this version does not know: %w", name, err)
	}
	return nil
}

func endpointNamed(name string) dialect.Endpoint {
	for e := dialect.Chat; e <= dialect.CountTokens; e++ {
		if e.String() == name {
			return e
		}
	}
	return dialect.None
}

// of is what the plugin of that name said in a hook, nil for nothing, and at which of the verdicts. Of several the last counts: a guard that ran again had the
// last word on what was recorded.
func (r *replayRecord) of(plugin, hook string) (v *recordedVerdict, at int) {
	for i := len(r.verdicts) - 1; i >= 0; i-- {
		if v := &r.verdicts[i]; v.Plugin == plugin && v.Hook == hook {
			return v, i
		}
	}
	return nil, -1
}

// altered tells whether the recorded text of a hook is not what the plugin was shown: it, or one after it, changed that. What was recorded is what went on.
func (r *replayRecord) altered(plugin, hook string) bool {
	_, at := r.of(plugin, hook)
	if at < 0 {
		return false // it was shown nothing
	}
	for i := at; i < len(r.verdicts); i++ {
		v := &r.verdicts[i]
		if v.Hook != hook || v.Observe {
			continue
		}
		switch v.Action {
		case "edit", "insert", "delta_edit", "stop":
			return true
		}
	}
	return false
}

// recordLines reads lines of bounded length.
type recordLines struct {
	r     *bufio.Reader
	n     int   // number of the last one, from 1
	bytes int64 // read
}

func newRecordLines(r io.Reader) *recordLines {
	return &recordLines{r: bufio.NewReaderSize(r, 256<<10)}
}

// errLongLine says that a line is longer than may be. The next call goes on behind it.
var errLongLine = fmt.Errorf("it is longer than %d MiB", maxReplayLine>>20)

// next is the next line that is not blank, without its end, in memory of its own; io.EOF after the last.
func (l *recordLines) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil || len(bytes.TrimSpace(line)) > 0 {
			return line, err
		}
	}
}

func (l *recordLines) line() ([]byte, error) {
	var line []byte
	long, began := false, false
	for {
		piece, err := l.r.ReadSlice('\n')
		l.bytes += int64(len(piece))
		if len(piece) > 0 && !began {
			began = true
			l.n++
		}
		if long = long || len(line)+len(piece) > maxReplayLine; long {
			line = nil
		} else {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && began, err == nil:
			if long {
				return nil, errLongLine
			}
			return bytes.TrimSuffix(line, []byte("\n")), nil
		default:
			return nil, err
		}
	}
}

// ownTenant is whose own plugin a name of records is: TENANT/NAME; "" for the operator's.
func ownTenant(label string) (tenant, name string) {
	if i := strings.LastIndexByte(label, '/'); i >= 0 {
		return label[:i], label[i+1:]
	}
	return "", label
}
