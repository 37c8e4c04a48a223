package config

import (
	"runtime"
	"strings"
	"testing"
)

// two are targets a route can choose from.
const two = "targets: {a: {kind: sim}, b: {kind: vllm, url: 'http://h:1'}}\n"

func TestFaultsOfTargets(t *testing.T) {
	t.Parallel()
	url := func(url string) string { return "targets: {t: {kind: vllm, url: '" + url + "'}}\n" }
	checkFaults(t, []faultCase{
		{"none", "targets: {}\n", []string{"1:10: targets is empty; such as {local: {kind: vllm"}},
		{"no value", "targets: {t: }\n", []string{"1:11: targets.t has no value; {}"}},
		{"name", "targets: {'a b': {kind: sim}}\n", []string{"1:11: names are made of letters, digits and . _ : - only, 1 to 128 of them; rename the key in targets"}},
		{"name too long", "targets:\n  " + strings.Repeat("n", 129) + ": {kind: sim}\n", []string{"2:3: names are made of letters, digits and . _ : - only, 1 to 128 of them; rename the key in targets"}},
		{"no kind", "targets: {t: {}}\n", []string{"1:14: targets.t.kind is missing; one of openai, anthropic"}},
		{"unknown kind", "targets: {t: {kind: gpt}}\n", []string{"1:21: targets.t.kind: not known; one of openai, anthropic, vllm, sglang, llamacpp, ollama, sim"}},
		{"near kind", "targets: {t: {kind: vlm}}\n", []string{`1:21: targets.t.kind: "vlm" is not known, did you mean vllm?; one of openai`}},
		{"no url", "targets: {t: {kind: vllm}}\n", []string{"1:14: targets.t has no url; set targets.t.url"}},
		{"empty url", url(""), []string{"1:32: targets.t has no url; set targets.t.url"}},
		{"url, no scheme", url("127.0.0.1:8000"), []string{"1:32: targets.t.url: not a URL; http://HOST"}},
		{"url, other scheme", url("ftp://h"), []string{"1:32: targets.t.url: the URL's scheme is neither http nor https nor unix; http://HOST"}},
		{"url, credentials", url("http://u:p@h"), []string{"1:32: targets.t.url: the URL holds credentials; targets.t.key"}},
		{"url, query", url("http://h/v1?k=v"), []string{"1:32: targets.t.url: the URL holds a query or a fragment; http://HOST"}},
		{"url, bare question mark", url("http://h/v1?"), []string{"1:32: targets.t.url: the URL holds a query or a fragment; http://HOST"}},
		{"url, fragment", url("http://h/v1#x"), []string{"1:32: targets.t.url: the URL holds a query or a fragment; http://HOST"}},
		{"url, port", url("http://h:65536"), []string{"1:32: targets.t.url: the URL's port is no number from 1 to 65535; http://HOST"}},
		{"url, empty port", url("http://h:"), []string{"1:32: targets.t.url: the URL's port is no number from 1 to 65535; http://HOST"}},
		{"url, host", url("http://256.1.1.1"), []string{"1:32: targets.t.url: the URL's host is neither an IP address nor a name; http://HOST"}},
		{"url, no host", url("http:///v1"), []string{"1:32: targets.t.url: the URL's host is neither an IP address nor a name; http://HOST"}},
		{"url, dot segments", url("http://h/a/../b"), []string{"1:32: targets.t.url: the URL's path holds escapes, //, or dot segments; http://HOST"}},
		{"url, escapes", url("http://h/a%2fb"), []string{"1:32: targets.t.url: the URL's path holds escapes, //, or dot segments; http://HOST"}},
		{"url, relative socket", url("unix:run/x.sock"), []string{"1:32: targets.t.url: the URL's socket path is not absolute; unix:/PATH"}},
		{"url, long socket path", url("unix:/" + strings.Repeat("s", 150)), []string{"1:32: targets.t.url: the socket's path is 151 bytes long, more than the " + socketLimit() + " the system allows; unix:/PATH"}},
		{"url, long host", url("http://" + strings.Repeat("h.", 130)), []string{"1:32: targets.t.url: the URL's host is neither an IP address nor a name; http://HOST"}},
		{"url, socket prefix", url("unix:/x.sock:v1"), []string{"1:32: targets.t.url: the URL's path holds escapes, //, or dot segments; unix:/PATH"}},
		{"sim keys elsewhere", "targets: {t: {kind: vllm, url: http://h, slots: 1, ttft: 1s, tpot: 1s, seed: 1, cache_blocks: 1}}\n", []string{
			"1:49: targets.t.slots is for kind sim only; targets.t.kind", "1:58: targets.t.ttft is for kind sim only; targets.t.kind",
			"1:68: targets.t.tpot is for kind sim only; targets.t.kind", "1:78: targets.t.seed is for kind sim only; targets.t.kind",
			"1:95: targets.t.cache_blocks is for kind sim only; targets.t.kind",
		}},
		{"others' keys in sim", "targets:\n  t: {kind: sim, url: http://h, key: k, connect: 1s, proxy: 'http://p:1', tls: {}, allow_addresses: [10.0.0.0/8]}\n", []string{
			"2:23: targets.t.url means nothing for kind sim, which runs inside Weir; targets.t.kind",
			"2:38: targets.t.key means nothing for kind sim, which runs inside Weir; remove it",
			"2:50: targets.t.connect means nothing for kind sim, which runs inside Weir; remove it",
			"2:61: targets.t.proxy means nothing for kind sim, which runs inside Weir; remove it",
			"2:80: targets.t.tls means nothing for kind sim, which runs inside Weir; remove it",
			"2:101: targets.t.allow_addresses means nothing for kind sim, which runs inside Weir; remove it",
		}},
		{"unknown dialect", "targets: {t: {kind: sim, dialects: [gemini]}}\n", []string{"1:37: targets.t.dialects[0]: not known; one of openai, anthropic"}},
		{"dialect twice", "targets: {t: {kind: sim, dialects: [openai, openai]}}\n", []string{"1:45: targets.t.dialects[1] names openai again; each once"}},
		{"empty model", "targets: {t: {kind: sim, models: {a: '', '': b}}}\n", []string{
			"1:38: targets.t.models.a is empty or holds control characters; the name the target knows",
			"1:42: a model's name must not be empty or hold control characters; rename the key in targets.t.models",
		}},
		{"key and key_file", "targets: {t: {kind: vllm, url: http://h, key: k, key_file: /f}}\n", []string{"1:60: targets.t.key_file is given beside targets.t.key; keep one"}},
		{"empty key", "targets: {t: {kind: vllm, url: http://h, key: ${EMPTY}}}\n", []string{"1:47: targets.t.key: empty; a string"}},
		{"key of two lines", "targets: {t: {kind: vllm, url: http://h, key: \"a\\nb\"}}\n", []string{"1:47: targets.t.key holds blanks, control characters or characters beyond ASCII; alone"}},
		{"proxy scheme", "targets: {t: {kind: vllm, url: http://h, proxy: 'socks5://p:1'}}\n", []string{"1:49: targets.t.proxy: not the URL of an HTTP proxy; http://[USER:PASSWORD@]HOST:PORT"}},
		{"proxy port", "targets: {t: {kind: vllm, url: http://h, proxy: 'http://p'}}\n", []string{"1:49: targets.t.proxy: the proxy's URL names no port from 1 to 65535; http://[USER"}},
		{"proxy for a socket", "targets: {t: {kind: vllm, url: 'unix:/s', proxy: 'http://p:1'}}\n", []string{"1:50: targets.t.proxy is given for a unix socket; remove targets.t.proxy"}},
		{"tls without https", "targets: {t: {kind: vllm, url: http://h, tls: {server_name: x}}}\n", []string{"1:47: targets.t.tls is given, but the target's url is not https; https://"}},
		{"client certificate alone", "targets: {t: {kind: vllm, url: https://h, tls: {cert: c}}}\n", []string{"1:55: targets.t.tls.cert is given without targets.t.tls.key; add targets.t.tls.key"}},
		{"client key alone", "targets: {t: {kind: vllm, url: https://h, tls: {key: c}}}\n", []string{"1:54: targets.t.tls.key is given without targets.t.tls.cert; add targets.t.tls.cert"}},
		{"server name", "targets: {t: {kind: vllm, url: https://h, tls: {server_name: 'a b'}}}\n", []string{"1:62: targets.t.tls.server_name is neither a name nor an IP address; certificate"}},
		{"addresses", "targets: {t: {kind: vllm, url: http://h, allow_addresses: [x, 169.254.1.1/16, 'fe80::1%eth0']}}\n", []string{
			"1:60: targets.t.allow_addresses[0]: neither an IP address nor a prefix; 169.254.0.0/16",
			"1:63: targets.t.allow_addresses[1]: bits are set beyond the prefix length, did you mean 169.254.0.0/16?; prefix",
			"1:79: targets.t.allow_addresses[2]: neither an IP address nor a prefix; prefix",
		}},
		{"headers", "targets: {t: {kind: sim, headers: {Host: x, 'a b': x, TE: x, x-a: \"b\\r\\nc: d\", X-A: y, '': z}}}\n", []string{
			"1:36: the header host is Weir's own to set; rename the key in targets.t.headers",
			"1:45: not a header name; rename the key", "1:55: the header te is Weir's own to set; rename the key",
			"1:67: targets.t.headers.x-a holds control characters, or blanks at its ends; one header line",
			"1:67: targets.t.headers.x-a is the same header as X-A; keep one", "1:88: not a header name; rename the key",
		}},
	})
}

func TestFaultsOfRoutes(t *testing.T) {
	t.Parallel()
	route := func(route string) string { return two + "routes: [" + route + "]\n" }
	checkFaults(t, []faultCase{
		{"none for several targets", two, []string{"1:10: 2 targets, but no route says which requests go where; add routes, such as routes: [{targets: [a, b]}]"}},
		{"no targets", route("{match: {}}"), []string{"2:10: routes[0].targets is missing; add routes[0].targets"}},
		{"unknown target", "targets: {alpha: {kind: sim}}\nroutes: [{targets: [alpha, alhpa]}]\n", []string{"2:28: routes[0].targets[1] names no target; did you mean alpha?"}},
		{"unknown target, none near", route("{targets: [x]}"), []string{"2:21: routes[0].targets[0] names no target; name one of a, b"}},
		{"target twice", route("{targets: [a, b, a]}"), []string{"2:27: routes[0].targets[2] names a again; each once"}},
		{"inspect", route("{targets: [a], inspect: some}"), []string{"2:34: routes[0].inspect: not known; one of full, none"}},
		{"inspect none with models", route("{match: {models: [m]}, targets: [a, b], inspect: none}"), []string{"2:27: routes[0].match.models can match nothing: with inspect: none the body, and so the model, is not read; remove routes[0].match.models"}},
		{"retries", route("{targets: [a, b], retries: 11}"), []string{"2:37: routes[0].retries: more than 10; from 0 to 10"}},
		{"path", route("{match: {paths: [v1/*]}, targets: [a, b]}"), []string{"2:27: routes[0].match.paths[0] does not begin with /; /v1/*"}},
		{"path, blank", route("{match: {paths: ['/v 1']}, targets: [a, b]}"), []string{"2:27: routes[0].match.paths[0] holds characters that no path has; /v1/*"}},
		{"globs", route("{match: {models: ['', 'a**', 'a?', '[a]', \"a\\0\"]}, targets: [a, b]}"), []string{
			"2:28: routes[0].match.models[0] is empty; gpt-*", "2:32: routes[0].match.models[1] holds **, which is no more than *; gpt-*",
			"2:39: routes[0].match.models[2] holds one of ? [ ] { }, but * alone is special in globs; gpt-*",
			"2:45: routes[0].match.models[3] holds one of ? [ ] { }, but * alone is special in globs; gpt-*",
			"2:52: routes[0].match.models[4] holds control characters; gpt-*",
		}},
		{"long glob", route("{match: {models: [" + strings.Repeat("m", 257) + "]}, targets: [a, b]}"), []string{"2:28: routes[0].match.models[0] is longer than 256 bytes; gpt-*"}},
	})
}

// socketLimit is the size of sun_path less the zero byte, on this system.
func socketLimit() string {
	if runtime.GOOS == "linux" {
		return "107"
	}
	return "103"
}

func TestFaultsOfListening(t *testing.T) {
	t.Parallel()
	long := "unix:/" + strings.Repeat("s", 150)
	limit := "the socket's path is 151 bytes long, more than the " + socketLimit() + " the system allows"
	const open = "other machines can reach this address, and no tenant has a key; tenants"
	checkFaults(t, []faultCase{
		{"no port", sim + "listen: localhost\n", []string{"2:9: listen: not an address; HOST:PORT"}},
		{"port", sim + "listen: ['localhost:http', 'localhost:65536', 'localhost:080']\n", []string{
			"2:10: listen[0]: the port is no number from 0 to 65535; HOST:PORT", "2:28: listen[1]: the port is no number from 0 to 65535; HOST:PORT",
			"2:47: listen[2]: the port is no number from 0 to 65535; HOST:PORT",
		}},
		{"host", sim + "listen: '*:80'\n", []string{"2:9: listen: the host is neither an IP address nor a name; HOST:PORT"}},
		{"IPv6 without brackets", sim + "listen: '::1:80'\n", []string{"2:9: listen: not an address; HOST:PORT"}},
		{"empty", sim + "listen: ''\n", []string{"2:9: listen: not an address; HOST:PORT"}},
		{"off", sim + "listen: off\n", []string{"2:9: listen: not an address; HOST:PORT"}},
		{"socket without path", sim + "listen: 'unix:'\n", []string{"2:9: listen: not the path of a unix socket; HOST:PORT or unix:PATH"}},
		{"abstract socket", sim + "listen: 'unix:@x'\n", []string{"2:9: listen: not the path of a unix socket; HOST:PORT or unix:PATH"}},
		{"socket path too long", sim + "listen: '" + long + "'\n", []string{"2:9: listen: " + limit + "; HOST:PORT or unix:PATH"}},
		{"same twice", sim + "listen: ['127.0.0.1:1', 'unix:/s', 'LOCALHOST:1', '127.0.0.1:1', 'unix:/s']\n", []string{
			"2:51: this address is taken by one before it; listen", "2:66: this address is taken by one before it; listen",
		}},
		{"taken by a wildcard", sim + "listen: ['127.0.0.1:1', ':1']\ntenants: {t: {keys: [{value: k}]}}\n", []string{"2:25: this address is taken by one before it; listen"}},
		{"admin", sim + "listen: 127.0.0.1:8081\n", []string{"2:9: this address is taken by admin.listen; another port"}},
		{"open, no tenants", sim + "listen: 0.0.0.0:8080\n", []string{"2:9: " + open}},
		{"open, all hosts", sim + "listen: ':8080'\n", []string{"2:9: " + open}},
		{"open, one of several", sim + "listen: ['127.0.0.1:1', '10.0.0.1:1', '[2001:db8::1]:1', 'example.com:1', '[::1]:1']\n", []string{"2:25: " + open, "2:39: " + open, "2:58: " + open}},
		{"open, tenants without keys", sim + "listen: 10.0.0.1:1\ntenants: {default: {}}\n", []string{"2:9: " + open}},
		{"admin address", sim + "admin: {listen: nowhere, token: a b, token_file: /f}\n", []string{
			"2:17: admin.listen: not an address; HOST:PORT", "2:50: admin.token_file is given beside admin.token; keep one",
		}},
	})
}

func TestFaultsOfTenants(t *testing.T) {
	t.Parallel()
	// printf %s abc | sha256sum
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	key := func(key string) string { return sim + "tenants: {t: {keys: [" + key + "]}}\n" }
	checkFaults(t, []faultCase{
		{"name", sim + "tenants: {a/b: {}}\n", []string{"2:11: names are made of letters, digits and . _ : - only, 1 to 128 of them; rename the key in tenants"}},
		{"no source", key("{}"), []string{"2:22: tenants.t.keys[0] has none of value, file and sha256; exactly one"}},
		{"two sources", key("{value: a, sha256: " + sum + "}"), []string{"2:22: tenants.t.keys[0] has value and sha256; exactly one"}},
		{"three sources", key("{value: a, sha256: " + sum + ", file: /f}"), []string{"2:22: tenants.t.keys[0] has value and file and sha256; exactly one"}},
		{"empty value", key("{value: ''}"), []string{"2:30: tenants.t.keys[0].value: empty; a string"}},
		{"value with blanks", key("{value: 'a b'}"), []string{"2:30: tenants.t.keys[0].value holds blanks, control characters or characters beyond ASCII; header"}},
		{"short digest", key("{sha256: abc}"), []string{"2:31: tenants.t.keys[0].sha256 is not 64 hexadecimal digits (it has 3 bytes); sha256sum"}},
		{"digest, other digits", key("{sha256: " + strings.Repeat("g", 64) + "}"), []string{"2:31: tenants.t.keys[0].sha256 is not 64 hexadecimal digits (it has 64 bytes); sha256sum"}},
		{"twice in one tenant", key("{value: abc}, {value: abc}"), []string{"2:44: tenants.t.keys[1] is the same key as tenants.t.keys[0]; once"}},
		{"twice in two tenants, by hash", sim + "tenants:\n  b: {keys: [{value: abc}]}\n  a: {keys: [{sha256: " + strings.ToUpper(sum) + "}]}\n", []string{"3:22: tenants.b.keys[0] is the same key as tenants.a.keys[0]; once"}},
		{"not_after", key("{value: a, not_after: tomorrow}"), []string{"2:44: tenants.t.keys[0].not_after: neither a date nor an RFC 3339 time; a date such as"}},
		{"not_after, no such day", key("{value: a, not_after: 2027-02-29}"), []string{"2:44: tenants.t.keys[0].not_after: neither a date nor an RFC 3339 time; a date such as"}},
		{"act_for", key("{value: a, act_for: ['a*b', '*a', '', 'a b', 'ok*', '*']}"), []string{
			"2:43: tenants.t.keys[0].act_for[0] is neither the name of a tenant nor the beginning of one with a * at the end; acme-*",
			"2:50: tenants.t.keys[0].act_for[1] is neither the name of a tenant nor the beginning of one with a * at the end; acme-*",
			"2:56: tenants.t.keys[0].act_for[2] is neither the name of a tenant nor the beginning of one with a * at the end; acme-*",
			"2:60: tenants.t.keys[0].act_for[3] is neither the name of a tenant nor the beginning of one with a * at the end; acme-*",
		}},
	})
}
