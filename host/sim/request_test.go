package sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// offline answers without a connection: the body of the answer that is not
// streamed, or the refusal.
func offline(s *Server, path, body string) (*exchange, string, error) {
	x := &exchange{srv: s, serial: s.requests.Add(1), calls: 1}
	x.route = find(path)
	x.dialect = openaiDialect
	if strings.HasPrefix(path, "/v1/messages") {
		x.dialect = anthropicDialect
	}
	if err := x.read([]byte(body)); err != nil {
		return x, "", err
	}
	if err := x.begin(nil); err != nil {
		return x, "", err
	}
	a := answer{status: 200, generated: true, stream: x.req.stream}
	x.compose(&a)
	return x, string(a.body), nil
}

// The same conversation is the same prompt in every dialect.
func TestPromptIsTheSameInEveryDialect(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	want := "system: Be brief.\nuser: Hi [image 1]\nassistant: f({\"a\":1})\ntool: sun\nuser: And?\n"
	for path, body := range map[string]string{
		chatPath: `{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi "},{"type":"text","text":"[image 1]"}]},
			{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
			{"role":"tool","tool_call_id":"c","content":"sun"},{"role":"user","content":"And?"}]}`,
		"/v1/responses": `{"model":"m","instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Hi [image 1]"}]},
			{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c","output":"sun"},
			{"type":"message","role":"user","content":"And?"}]}`,
		"/v1/messages": `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":"Hi [image 1]"},
			{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{ "a": 1 }}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"sun"}]},{"type":"text","text":"And?"}]}]}`,
	} {
		x, _, err := offline(s, path, body)
		if err != nil || string(x.req.prompt) != want {
			t.Errorf("%s: %q, %v", path, x.req.prompt, err)
		}
	}
	one, _, _ := offline(s, chatPath, `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:1"}}]}]}`)
	two, _, _ := offline(s, chatPath, `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:2"}}]}]}`)
	if a, b := string(one.req.prompt), string(two.req.prompt); a == b || !strings.HasPrefix(a, "user: [image_url ") {
		t.Errorf("pictures: %q, %q", a, b)
	}
}

func TestRequestsRefused(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	user := `"messages":[{"role":"user","content":"Hi"}]`
	for _, row := range []struct{ path, body, param string }{
		{chatPath, `{` + user + `}`, "model"},
		{chatPath, `{"model":"",` + user + `}`, "model"},
		{chatPath, `{"model":7,` + user + `}`, "model"},
		{chatPath, `{"model":"m"}`, "messages"},
		{chatPath, `{"model":"m","messages":"Hi"}`, "messages"},
		{chatPath, `{"model":"m","messages":[]}`, "messages"},
		{chatPath, `{"model":"m","messages":["Hi"]}`, "messages"},
		{chatPath, `{"model":"m","messages":[{"role":"robot","content":"Hi"}]}`, "messages"},
		{chatPath, `{"model":"m","messages":[{"role":"user"}]}`, "messages.content"},
		{chatPath, `{"model":"m","messages":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]}]}`, "messages.content"},
		{chatPath, `{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}`, "messages.content.text"},
		{chatPath, `{"model":"m","stream":"yes",` + user + `}`, "stream"},
		{chatPath, `{"model":"m","max_tokens":0,` + user + `}`, "max_tokens"},
		{chatPath, `{"model":"m","max_tokens":"9",` + user + `}`, "max_tokens"},
		{chatPath, `{"model":"m","n":1000,` + user + `}`, "n"},
		{chatPath, `{"model":"m","stop":["a","b","c","d","e"],` + user + `}`, "stop"},
		{chatPath, `{"model":"m","stop":"",` + user + `}`, "stop"},
		{chatPath, `{"model":"m","stop":[1],` + user + `}`, "stop"},
		{chatPath, `{"model":"m","tools":{},` + user + `}`, "tools"},
		{chatPath, `{"model":"m","tools":[{"type":"function","function":{}}],` + user + `}`, "tools.function.name"},
		{chatPath, `{"model":"m","tool_choice":"maybe",` + user + `}`, "tool_choice"},
		{chatPath, `{"model":"m","tool_choice":{"type":"function","function":{"name":"g"}},` + user + `}`, "tool_choice"},
		{chatPath, `{"model":"m","response_format":{"type":"xml"},` + user + `}`, "response_format"},
		{chatPath, `{"model":"m","response_format":{"type":"json_schema"},` + user + `}`, "response_format.schema"},
		{"/v1/completions", `{"model":"m"}`, "prompt"},
		{"/v1/completions", `{"model":"m","prompt":[]}`, "prompt"},
		{"/v1/completions", `{"model":"m","prompt":[["x"]]}`, "prompt"},
		{"/v1/completions", `{"model":"m","prompt":{}}`, "prompt"},
		{"/v1/embeddings", `{"model":"m","input":"x","dimensions":99999}`, "dimensions"},
		{"/v1/embeddings", `{"model":"m","input":"x","encoding_format":"hex"}`, "encoding_format"},
		{"/v1/embeddings", `{"model":"m","input":[1,-2]}`, "input"},
		{"/v1/responses", `{"model":"m"}`, "input"},
		{"/v1/responses", `{"model":"m","input":5}`, "input"},
		{"/v1/responses", `{"model":"m","input":[{"role":"tool","content":"x"}]}`, "input"},
		{"/v1/responses", `{"model":"m","input":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`, "input.content"},
		{"/v1/messages", `{"model":"m",` + user + `}`, "max_tokens"},
		{"/v1/messages", `{"model":"m","max_tokens":9}`, "messages"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"messages":{}}`, "messages"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"messages":[]}`, "messages"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"tool","content":"x"}]}`, "messages.role"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"tools":{},` + user + `}`, "tools"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"tools":[{"input_schema":{}}],` + user + `}`, "tools.name"},
		{"/v1/messages", `{"model":"m","max_tokens":9,"tool_choice":{"type":"x"},` + user + `}`, "tool_choice.type"},
		{"/v1/messages/count_tokens", `{"model":"m"}`, "messages"},
	} {
		_, _, err := offline(s, row.path, row.body)
		p, ok := err.(*problem)
		if !ok || p.status != 400 || p.param != row.param {
			t.Errorf("%s %s: %+v, want a fault of %q", row.path, row.body, err, row.param)
		}
	}
}

func TestToolChoice(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	const tools = `"tools":[{"type":"web_search"},{"type":"function","function":{"name":"f","parameters":{"type":"object"}}},{"type":"function","function":{"name":"g"}}]`
	const user, assistant, result = `{"role":"user","content":"x"}`, `{"role":"assistant","content":"y"}`, `{"role":"tool","tool_call_id":"c","content":""}`
	for _, row := range []struct{ choice, last, want string }{
		{`"auto"`, user, "f"}, {`null`, user, "f"}, {`"none"`, user, ""}, {`"required"`, user, "f"},
		{`{"type":"function","function":{"name":"g"}}`, user, "g"},
		{`{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}`, user, "g"},
		{`"auto"`, assistant, ""}, {`"required"`, assistant, "f"}, {`"required"`, result, ""}, {`"auto"`, result, ""},
		{`"auto"`, result + "," + user, "f"},
	} {
		x, body, err := offline(s, chatPath, `{"model":"m",`+tools+`,"tool_choice":`+row.choice+`,"messages":[`+row.last+`]}`)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if calls := x.gen.choices[0].calls; len(calls) > 0 {
			got = calls[0].name
		}
		if got != row.want || json.Unmarshal([]byte(body), new(any)) != nil {
			t.Errorf("%s after %s: called %q, want %q", row.choice, row.last, got, row.want)
		}
	}
}

func TestSeveralCalls(t *testing.T) {
	t.Parallel()
	_, addr := launch(t, Options{})
	client := httpClient(t)
	function := `{"type":"function","function":{"name":"%s","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}`
	tools := `"tools":[` + fmt.Sprintf(function, "f") + `,` + fmt.Sprintf(function, "g") + `]`
	body := `{"model":"m","messages":[{"role":"user","content":"x"}],` + tools
	_, text := post(t, client, addr, chatPath, body+`}`, "x-sim-calls: 5")
	if strings.Count(text, `"id":"call_`) != 2 {
		t.Errorf("two tools, five calls: %s", text)
	}
	_, text = post(t, client, addr, chatPath, body+`,"stream":true}`, "x-sim-calls: 2")
	if !strings.Contains(text, `"tool_calls":[{"index":1,"id":"call_`) || strings.Count(text, `"id":"call_`) != 2 {
		t.Errorf("streamed: %s", text)
	}
	if _, text = post(t, client, addr, chatPath, body+`,"parallel_tool_calls":false}`, "x-sim-calls: 2"); strings.Count(text, `"id":"call_`) != 1 {
		t.Errorf("not in parallel: %s", text)
	}
	anth := `{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"x"}],"stream":true,
		"tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object"}}]}`
	if _, text = post(t, client, addr, "/v1/messages", anth, "x-sim-calls: 2"); strings.Count(text, `"id":"toolu_`) != 2 || strings.Count(text, "event: content_block_stop") != 2 {
		t.Errorf("messages: %s", text)
	}
}
