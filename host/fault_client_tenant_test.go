package host_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"weir/host/sim"
)

const tenants = `tenants: {
  acme: { keys: [ { value: acme-secret-key } ] },
  agent: { keys: [ { value: agent-secret-key, act_for: ["acme-*", globex] } ] } }
`

// wantTenants holds that so many requests have been counted for each tenant.
func wantTenants(t *testing.T, g *gateway, want map[string]int) {
	t.Helper()
	if got := metric(t, g, "weir_requests_total", "tenant"); !maps.Equal(got, want) {
		t.Errorf("tenants counted: %v, want %v", got, want)
	}
}

func TestFault27_SpoofedTenants(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+tenants)
	const acme, agent = "Authorization: Bearer acme-secret-key", "x-api-key: agent-secret-key"
	tests := []struct {
		name   string
		lines  []string
		status int
		tenant string // counted for; none when refused
	}{
		{"none", []string{acme}, 200, "acme"},
		{"another's", []string{acme, "x-weir-tenant: globex"}, 200, "acme"},
		{"in capitals", []string{acme, "X-WEIR-TENANT: globex"}, 200, "acme"},
		{"twice", []string{"X-Weir-Tenant: globex", acme, "x-weir-tenant: initech"}, 200, "acme"},
		{"nonsense", []string{acme, "x-weir-tenant: ../../\"\xff{}"}, 200, "acme"},
		{"other names", []string{acme, "x-weir-team: globex", "X-Weir-Verdict: allow", "x-weir-: x"}, 200, "acme"},
		{"hidden behind Connection", []string{acme, "x-weir-tenant: globex", "Connection: x-weir-tenant"}, 200, "acme"},
		{"in a key of a second kind", []string{acme, "api-key: agent-secret-key", "x-weir-tenant: globex"}, 200, "acme"},
		{"acting for", []string{agent, "x-weir-tenant: acme-7"}, 200, "acme-7"},
		{"acting for, by name", []string{agent, "X-WEIR-Tenant: globex"}, 200, "globex"},
		{"acting for itself", []string{agent, "x-weir-tenant: agent"}, 200, "agent"},
		{"acting for nobody", []string{agent}, 200, "agent"},
		{"acting for a stranger", []string{agent, "x-weir-tenant: initech"}, 403, ""},
		{"acting for no name", []string{agent, "x-weir-tenant: acme-\xc3\xa9"}, 400, ""},
		{"first allowed, second not", []string{agent, "x-weir-tenant: acme-7", "x-weir-tenant: initech"}, 400, ""},
		{"first not allowed, second is", []string{agent, "x-weir-tenant: initech", "x-weir-tenant: acme-7"}, 400, ""},
		{"without a key", []string{"x-weir-tenant: acme"}, 401, ""},
		{"with a wrong key", []string{"Authorization: Bearer acme-secret-ke", "x-weir-tenant: acme"}, 401, ""},
		{"imitated", []string{acme, "x_weir_tenant: globex"}, 400, ""},
	}
	want := map[string]int{}
	for _, tt := range tests {
		status, body := ask(t, g, chat(false, "hello"), append(tt.lines, "x-sim-echo: headers")...)
		want[tt.tenant]++
		if status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, status, body, tt.status)
		}
		if status != 200 {
			continue
		}
		var e echo
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatalf("%s: %v in %s", tt.name, err, body)
		}
		for _, h := range e.Headers {
			if n := strings.ToLower(h[0]); strings.HasPrefix(n, "x-weir") || n == "authorization" || strings.HasSuffix(n, "api-key") {
				t.Errorf("%s: the target gets %q", tt.name, h)
			}
		}
		e.wantNowhere(t, "secret-key")
	}
	wantTenants(t, g, want)
	if n := m.Stats().Requests; n != 12 {
		t.Errorf("%d requests reached the model, want 12", n)
	}
}

// In a trailer the header is not even read.
func TestFault27_TrailersAreDropped(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config("")+tenants)
	body := chat(false, "hello")
	in := head("Transfer-Encoding: chunked", "Trailer: x-weir-tenant", "api-key: agent-secret-key", "x-sim-echo: headers", "Connection: close") +
		fmt.Sprintf("%x\r\n%s\r\n0\r\nx-weir-tenant: globex\r\nAuthorization: Bearer acme-secret-key\r\n\r\n", len(body), body)
	got, bodies, _ := answers(t, talk(t, g.addr, in))
	if len(got) != 1 || got[0] != 200 || strings.Contains(strings.ToLower(bodies[0]), "weir") || strings.Contains(bodies[0], "secret") || strings.Contains(strings.ToLower(bodies[0]), "trailer") {
		t.Errorf("%v %q", got, bodies)
	}
	wantTenants(t, g, map[string]int{"agent": 1})
}

// Without tenants the header means nothing.
func TestFault27_DefaultTenant(t *testing.T) {
	t.Parallel()
	m := newModel(t, sim.Options{})
	g := start(t, m.config(""))
	for _, line := range []string{"x-weir-tenant: globex", "x-weir-tenant: \xff", "Authorization: Bearer anything"} {
		if status, body := ask(t, g, chat(false, "hello"), line, "x-sim-echo: headers"); status != 200 || strings.Contains(strings.ToLower(body), "weir") || strings.Contains(body, "anything") {
			t.Errorf("%s: %d %s", line, status, body)
		}
	}
	wantTenants(t, g, map[string]int{"default": 3})
}

// Names that clients make up take a bounded number of places; the rest are
// "other". A million of them would take what these thousands take.
func TestFault29_NamesWithoutEnd(t *testing.T) {
	t.Parallel()
	const n, workers = 4000, 8
	up := newTally(t)
	g := start(t, targetAt(up.url)+`tenants: { agent: { keys: [ { value: agent-secret-key, act_for: ["*"] } ] } }`+"\n"+
		"routes: [ { match: { paths: ['/v1/chat/*'] }, targets: [t] } ]\n")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			c := client(t)
			for i := w; i < n; i += workers {
				name := fmt.Sprintf("made-up-%d", i)
				body := strings.Replace(chat(false, "x"), `"sim"`, `"`+name+`"`, 1)
				if resp, answer := post(t, c, g.url+"/v1/chat/completions", body, "api-key", "agent-secret-key", "x-weir-tenant", name, "x-weir-session", name); resp.StatusCode != 200 {
					t.Errorf("%d %s", resp.StatusCode, answer)
					return
				}
				// Strangers, unknown paths and unknown models take no place at all.
				_, _ = post(t, c, g.url+"/"+name, body, "api-key", name, "x-weir-tenant", name)
				_, _ = post(t, c, g.url+"/v1/"+name, body, "api-key", "agent-secret-key")
				_, _ = post(t, c, g.url+"/v1/embeddings", body, "api-key", "agent-secret-key")
			}
		})
	}
	wg.Wait()
	byTenant := metric(t, g, "weir_requests_total", "tenant")
	if len(byTenant) > 1000+2 || byTenant["other"] < n-1000 {
		t.Errorf("%d tenants are told apart, %d requests are other", len(byTenant), byTenant["other"])
	}
	byModel := metric(t, g, "gen_ai_client_operation_duration_seconds_count", "request_model")
	if len(byModel) > 200+1 || byModel["other"] < n-200 {
		t.Errorf("%d models are told apart, %d requests are other", len(byModel), byModel["other"])
	}
	total := 0
	for _, k := range byTenant {
		total += k
	}
	if total != 4*n {
		t.Errorf("%d outcomes are counted, want %d", total, 4*n)
	}
	if got := slices.Sorted(maps.Keys(metric(t, g, "weir_requests_total", "endpoint"))); !slices.Equal(got, []string{"chat", "embeddings", "none"}) {
		t.Errorf("endpoints %q", got)
	}
	var b strings.Builder
	g.WriteMetrics(&b)
	if size := b.Len(); size > 4<<20 {
		t.Errorf("the exposition has %d bytes", size)
	}
	resp, err := http.Get(g.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("/metrics: %d", resp.StatusCode)
	}
}
