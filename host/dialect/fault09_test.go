package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// places are bodies with a @ where a member may be put into an object that Weir reads or walks over.
var places = []struct {
	endpoint Endpoint
	body     string
	keys     string // keys that Weir reads there
}{
	{Chat, `{"model":"m","messages":[],"stream":true,"stream_options":{},"max_tokens":1,"tools":[],"stop":"s","user":"u","metadata":{}@}`,
		"model messages stream stream_options max_tokens max_completion_tokens n temperature tools functions tool_choice stop user metadata response_format"},
	{Chat, `{"model":"m","messages":[],"stream_options":{"include_usage":true@}}`, "include_usage"},
	{Chat, `{"model":"m","messages":[{"role":"user","content":"c","name":"n","tool_calls":[],"tool_call_id":"i"@}]}`,
		"role content name tool_calls tool_call_id function_call refusal audio reasoning_content"},
	{Chat, `{"model":"m","messages":[{"content":[{"type":"text","text":"t"@}]}]}`, "type text image_url input_audio file"},
	{Chat, `{"model":"m","messages":[{"content":[{"type":"file","file":{"filename":"f","file_data":"d"@}}]}]}`, "filename file_data file_id"},
	{Chat, `{"model":"m","messages":[{"tool_calls":[{"id":"i","type":"function","function":{}@}]}]}`, "id type function custom"},
	{Chat, `{"model":"m","messages":[{"tool_calls":[{"function":{"name":"n","arguments":"{}"@}}]}]}`, "name arguments"},
	{Chat, `{"model":"m","messages":[],"tools":[{"type":"function","function":{}@}]}`, "type function custom"},
	{Chat, `{"model":"m","messages":[],"tools":[{"function":{"name":"n","description":"d","parameters":{}@}}]}`, "name description parameters"},
	{Chat, `{"model":"m","messages":[],"response_format":{"type":"json_schema","json_schema":{}@}}`, "type"},
	{Completions, `{"model":"m","prompt":"p","suffix":"s"@}`, "model prompt best_of"},
	{Embeddings, `{"model":"m","input":"i"@}`, "model input messages"},
	{Responses, `{"model":"m","input":"i","instructions":"i","prompt":{},"conversation":"c","previous_response_id":"r","text":{}@}`,
		"model input instructions prompt conversation previous_response_id text reasoning max_output_tokens"},
	{Responses, `{"model":"m","input":[{"type":"function_call","name":"n","arguments":"{}","call_id":"c"@}]}`,
		"type name arguments call_id output summary encrypted_content role content"},
	{Responses, `{"model":"m","prompt":{"id":"i","variables":{},"version":"1"@}}`, "id variables version"},
	{Responses, `{"model":"m","conversation":{"id":"i"@}}`, "id"},
	{Messages, `{"model":"m","messages":[],"system":"s","max_tokens":1,"metadata":{},"stop_sequences":[],"mcp_servers":[],"container":"c"@}`,
		"model messages system max_tokens metadata stop_sequences mcp_servers container stream"},
	{Messages, `{"model":"m","messages":[],"metadata":{"user_id":"u"@}}`, "user_id"},
	{Messages, `{"model":"m","messages":[{"content":[{"type":"tool_use","id":"i","name":"n","input":{}@}]}]}`,
		"type id name input source content tool_use_id thinking signature data cache_control"},
	{Messages, `{"model":"m","messages":[{"content":[{"type":"document","source":{"type":"text","data":"d","media_type":"text/plain"@}}]}]}`,
		"type data media_type url file_id content"},
	{CountTokens, `{"model":"m","messages":[],"tools":[{"name":"n","description":"d","input_schema":{},"type":"custom"@}]}`,
		"name description input_schema type"},
	{Messages, `{"model":"m","messages":[],"mcp_servers":[{"type":"url","url":"u","authorization_token":"t"@}]}`, "type url authorization_token"},
	// What Weir only walks over is held to the same.
	{Chat, `{"model":"m","messages":[],"metadata":{"a":{"b":1@}}}`, ""},
	{Chat, `{"model":"m","messages":[],"unknown":{"a":[{"b":1@}]}}`, ""},
	{Chat, `{"model":"m","messages":[],"tools":[{"function":{"parameters":{"type":"object","properties":{"b":{}@}}}}]}`, ""},
	{Messages, `{"model":"m","messages":[{"content":[{"type":"tool_use","input":{"a":{"b":1@}}}]}]}`, ""},
	{Messages, `{"model":"m","messages":[{"content":[{"type":"hologram","data":{"b":1@}}]}]}`, ""},
	{Chat, `{"model":"m","messages":[{"content":[{"type":"image_url","image_url":{"url":"u"@}}]}]}`, ""},
}

// TestFault09_DuplicateKeys repeats every key of every object around the mark, plainly and spelt with an escape.
func TestFault09_DuplicateKeys(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		for _, key := range objectKeys(t, place.body) {
			escaped := fmt.Sprintf(`\u%04x%s`, key[0], key[1:])
			for _, spelling := range []string{key, escaped} {
				body := strings.Replace(place.body, "@", `,"`+spelling+`":null`, 1)
				var r Request
				err := r.Parse(place.endpoint, []byte(body))
				if err == nil || err.Kind != BadRequest || !strings.Contains(err.Message, "duplicate key") || !strings.Contains(err.Message, `"`+key+`"`) {
					t.Errorf("%s: %v", body, err)
				}
			}
		}
	}
}

// objectKeys gives the keys of the object that holds the mark.
func objectKeys(t *testing.T, body string) []string {
	t.Helper()
	d := jsontext.NewDecoder(strings.NewReader(strings.Replace(body, "@", `,"@":0`, 1)))
	keys := [70][]string{}
	for {
		token, err := d.ReadToken()
		if err != nil {
			t.Fatalf("no mark in %s: %v", body, err)
		}
		depth := d.StackDepth()
		switch kind, length := d.StackIndex(depth); {
		case token.Kind() == '{':
			keys[depth] = nil
		case token.String() == "@":
			return keys[depth]
		case kind == '{' && length%2 == 1:
			keys[depth] = append(keys[depth], token.String())
		}
	}
}

// TestFault09_CaseVariants puts, beside or in place of each key Weir reads, keys that a server which ignores case takes for it.
func TestFault09_CaseVariants(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		for key := range strings.FieldsSeq(place.keys) {
			for _, variant := range variants(key) {
				body := strings.Replace(place.body, "@", `,"`+variant+`":null`, 1)
				var r Request
				err := r.Parse(place.endpoint, []byte(body))
				if err == nil || err.Kind != BadRequest || !strings.Contains(err.Message, "letter case") {
					t.Errorf("%s: %v", body, err)
				}
			}
		}
	}
}

func variants(key string) []string {
	all := []string{strings.ToUpper(key), strings.ToUpper(key[:1]) + key[1:], key[:len(key)-1] + strings.ToUpper(key[len(key)-1:]),
		fmt.Sprintf(`\u%04x%s`, key[0]-'a'+'A', key[1:])}
	for letter, fold := range map[string]string{"s": "ſ", "k": "\u212a", "i": "ı"} {
		if strings.Contains(key, letter) {
			all = append(all, strings.Replace(key, letter, fold, 1))
		}
	}
	return all
}

// TestFault09_OtherKeys: keys that only look alike, and any case where Weir reads nothing by name, are the client's business.
func TestFault09_OtherKeys(t *testing.T) {
	t.Parallel()
	for _, place := range places {
		for _, member := range []string{`"Modell":1`, `"ｍodel":1`, `"mo del":1`, `"x":{"Model":1,"model":2,"ROLE":3,"role":4}`, `"":0`, `"Straße":0`} {
			var r Request
			if err := r.Parse(place.endpoint, []byte(strings.Replace(place.body, "@", ","+member, 1))); err != nil {
				t.Errorf("%s in %s: %v", member, place.body, err)
			}
		}
	}
	var r Request
	body := `{"model":"m","messages":[],"tools":[{"function":{"parameters":{"properties":{"Name":{},"name":{},"TYPE":{}}}}}],"metadata":{"Model":"a","User":"b"}}`
	if err := r.Parse(Chat, []byte(body)); err != nil {
		t.Error(err)
	}
}
