package dialect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// failer is what fuzz targets, properties and tests have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkView holds what has to be true of the view of any accepted body, against jsontext where it can tell.
func checkView(t failer, r *Request) {
	t.Helper()
	if !utf8.Valid(r.Arena) {
		t.Fatalf("arena %q", r.Arena)
	}
	end, decoded := int32(0), 0
	for i, p := range r.Parts {
		if p.Kind == PartDecoded {
			decoded++
		}
		if p.Offset != end || p.Length < 0 || p.Channel == ChannelNone {
			t.Fatalf("part %d: %+v, the one before ends at %d", i, p, end)
		}
		end += p.Length
		checkPart(t, r, i)
	}
	if decoded != r.Decoded {
		t.Fatalf("%d decoded parts, want %d", r.Decoded, decoded)
	}
	if int(end) != len(r.Arena) {
		t.Fatalf("parts end at %d of %d", end, len(r.Arena))
	}
	checkMessages(t, r)
	if r.ModelSpan.End > 0 {
		if model, err := jsontext.AppendUnquote(nil, r.Body[r.ModelSpan.Start:r.ModelSpan.End]); err != nil || !bytes.Equal(model, r.Model) {
			t.Fatalf("model %q for %q: %v", r.Model, model, err)
		}
	}
	for _, tool := range r.Tools {
		for _, part := range []int32{tool.Name, tool.Description, tool.Schema} {
			if part < -1 || int(part) >= len(r.Parts) || part >= 0 && r.Parts[part].Channel != ChannelToolDefinition {
				t.Fatalf("tool %+v of %d parts", tool, len(r.Parts))
			}
		}
	}
	checkCovered(t, r)
}

func checkPart(t failer, r *Request, i int) {
	t.Helper()
	p := r.Parts[i]
	text := string(r.Text(i))
	raw := r.Body[p.Start:p.End]
	switch p.Kind {
	case PartString:
		if want, err := jsontext.AppendUnquote(nil, raw); err != nil || string(want) != text {
			t.Fatalf("part %d is %q of %q: %v", i, text, raw, err)
		}
	case PartJoined:
		numbers := p.Channel != ChannelParameter && p.Channel != ChannelToolDefinition
		if want := joinOracle(t, raw, numbers); want != text {
			t.Fatalf("part %d is %q of %q, want %q", i, text, raw, want)
		}
	case PartDecoded:
		if i == 0 || r.Parts[i-1].Kind != PartString || r.Parts[i-1].Start != p.Start || r.Parts[i-1].End != p.End {
			t.Fatalf("decoded part %d follows %+v", i, r.Parts[max(i-1, 0)])
		}
	}
}

// joinOracle gives the keys, strings and numbers of a JSON text, joined by LF.
func joinOracle(t failer, raw []byte, numbers bool) string {
	t.Helper()
	var texts []string
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.ReadToken()
		if err != nil {
			break
		}
		if token.Kind() == '"' || numbers && token.Kind() == '0' {
			texts = append(texts, token.String())
		}
	}
	return strings.Join(texts, "\n")
}

func checkMessages(t failer, r *Request) {
	t.Helper()
	for i, m := range r.Messages {
		if m.Start >= m.End || i > 0 && m.Start < r.Messages[i-1].End || m.Part+m.Parts > int32(len(r.Parts)) {
			t.Fatalf("message %d: %+v", i, m)
		}
		for _, p := range r.Parts[m.Part:][:m.Parts] {
			if int(p.Message) != i || p.Start < m.Start || p.End > m.End {
				t.Fatalf("message %d: %+v has part %+v", i, m, p)
			}
		}
	}
	for i, p := range r.Parts {
		if p.Message >= 0 && (int(p.Message) >= len(r.Messages) || int32(i)-r.Messages[p.Message].Part >= r.Messages[p.Message].Parts) {
			t.Fatalf("part %d of message %d of %d", i, p.Message, len(r.Messages))
		}
	}
}

// sealedKeys are the keys whose values may go uninspected somewhere. Where exactly, TestPlanted holds.
var sealedKeys = strings.Fields(`model metadata service_tier logit_bias modalities audio include truncation encoding_format
	prompt_cache_retention prompt_cache_options inference_geo speed cache_control fallback_credit_token user safety_identifier
	prompt_cache_key image_url image image_embeds input_audio audio_url audio_embeds file file_id file_data file_url document_url
	video video_url signature encrypted_content encrypted_stdout encrypted_index prompt_cache_breakpoint logprobs url
	media_type authorization authorization_token headers server_url vector_store_ids file_ids input_image_mask container environment
	network_policy id container_id previous_response_id conversation version include_usage`)

// checkCovered looks for text that hides: each string of the body lies in a part, is a word the APIs enumerate, or stands
// below a key that is known to hold no text.
func checkCovered(t failer, r *Request) {
	t.Helper()
	d := jsontext.NewDecoder(bytes.NewReader(r.Body))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return
		}
		kind, length := d.StackIndex(d.StackDepth())
		if token.Kind() != '"' || kind == '{' && length%2 == 1 { // a key
			continue
		}
		at, text := int(d.InputOffset())-1, token.String()
		if slices.ContainsFunc(r.Parts, func(p Part) bool { return int(p.Start) <= at && at < int(p.End) }) {
			continue
		}
		if isWord([]byte(text)) || typeOf([]byte(text)) != typeUnknown || slices.Contains([]string{"system", "developer", "user", "assistant", "tool", "function", "mcp"}, text) {
			continue
		}
		path := strings.Split(string(d.StackPointer()), "/")
		if !slices.ContainsFunc(path, func(key string) bool { return slices.Contains(sealedKeys, key) }) && !sealedData(r.Body, path) {
			t.Fatalf("%s: %q at %s is in no part\n%s", r.Endpoint, text, d.StackPointer(), r.Body)
		}
	}
}

// sealedTypes are the types of objects whose data or result is not text.
var sealedTypes = strings.Fields(`image image_url input_image image_embeds input_audio audio audio_url audio_embeds file input_file document_url
	container_upload code_execution_output bash_code_execution_output image_generation_call redacted_thinking base64 url item_reference
	computer_screenshot`)

// sealedData reports whether path leads through the data or result of an object of such a type.
func sealedData(body []byte, path []string) bool {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return false
	}
	for _, key := range path[1:] {
		switch at := v.(type) {
		case map[string]any:
			kind, _ := at["type"].(string)
			if (key == "data" || key == "result") && slices.Contains(sealedTypes, kind) {
				return true
			}
			v = at[key]
		case []any:
			i, _ := strconv.Atoi(key)
			v = at[i]
		}
	}
	return false
}

// lenient are the faults of bodies that are good JSON.
var lenient = append([]faultKind{faultTop, faultCase, faultType, faultRange, faultParts}, stricter...)

func FuzzParse(f *testing.F) {
	for _, c := range refusals { // small seeds: minimising large ones would eat a short run
		f.Add(uint8(c.endpoint), []byte(c.body))
	}
	for _, place := range places {
		f.Add(uint8(place.endpoint), []byte(strings.Replace(place.body, "@", `,"x":["y",{"z":1}]`, 1)))
	}
	for _, text := range scanTexts {
		f.Add(uint8(Chat), []byte(`{"model":"m","messages":[{"role":"user","content":`+text+`}]}`))
	}
	var r Request
	f.Fuzz(func(t *testing.T, ep uint8, body []byte) { checkParse(t, &r, Endpoint(ep%8), body) })
}

// checkParse parses any body and holds the outcome against the oracle. It reports whether the body was accepted.
func checkParse(t failer, r *Request, ep Endpoint, body []byte) bool {
	t.Helper()
	refused := r.Parse(ep, body)
	_, err := oracle(body)
	if kind := r.scan.fault.kind; kind != faultNone && !slices.Contains(lenient, kind) && err == nil {
		t.Fatalf("%v, but the oracle accepts %q", refused, body)
	}
	if r.scan.fault.kind == faultNone && err != nil {
		t.Fatalf("the oracle refuses with %v: %q", err, body)
	}
	if refused == nil {
		checkView(t, r)
		checkEdits(t, r)
	} else if refused.Kind != BadRequest || refused.Message == "" {
		t.Fatalf("%+v", refused)
	}
	return refused == nil
}
