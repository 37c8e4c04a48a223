package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// The struct tags below are the one place that describes a setting: the
// decoder, the JSON schema and the reference in README.md are made from them.
//
//	yaml     the key
//	doc      what it means
//	default  the value when the key is absent, as it would be written
//	example  a value, as it would be written
//	range    LOW..HIGH, both included, as they would be written
//	most     the number of items a list, or of keys a mapping, may have
//	enum     the values allowed, separated by blanks
//	format   what a string, or a mapping's key, is: name, model, header, glob, path, folder, phrase, fault, optional; count: a
//	         whole number that may end in k, M, G or T
//	only     sim, or !sim: the kinds of target the setting is for
//	instead  the key of a file that may hold the secret instead
//	required present when the key must be

// A Config is one configuration file, complete and checked: defaults are
// filled in, variables expanded, secrets read from their files, relative paths
// made absolute against the folder of the file. Treat it as read-only.
type Config struct {
	Listen    Listen              `yaml:"listen" default:"127.0.0.1:8080" most:"64" example:"[127.0.0.1:8080, unix:/run/weir/weir.sock]" doc:"Where clients connect: HOST:PORT, unix:PATH, or a list of those. Beyond loopback, tenants with keys are required."`
	TLS       *ServerTLS          `yaml:"tls" example:"{cert: tls/cert.pem, key: tls/key.pem}" doc:"Serve TLS on every TCP listener. Absent: plain HTTP."`
	Admin     Admin               `yaml:"admin" example:"{listen: 0.0.0.0:8081, token_file: admin.token}" doc:"The listener for metrics, probes and the admin API."`
	Limits    Limits              `yaml:"limits" example:"{body: 16MiB, drain: 60s}" doc:"Sizes and deadlines of the data listeners."`
	Targets   map[string]*Target  `yaml:"targets" required:"" format:"name" example:"{local: {kind: vllm, url: http://127.0.0.1:8000/v1}}" doc:"The models' servers by name. At least one."`
	Routes    []Route             `yaml:"routes" most:"1000" example:"[{match: {models: ['gpt-*']}, targets: [local, cloud]}]" doc:"Which request goes to which targets; the first match wins. With exactly one target they may be left out: everything goes to it."`
	Tenants   map[string]*Tenant  `yaml:"tenants" format:"name" example:"{acme: {keys: [{file: keys/acme}]}}" doc:"Who may call, by name. Absent: every caller on loopback is the tenant default, without a key."`
	Signals   *bool               `yaml:"signals" default:"true" example:"false" doc:"Count what requests' texts hold that honest text seldom does (invisible characters, mixed scripts, encoded runs, role markers …), for metrics and records."`
	Phrases   map[string]*Phrases `yaml:"phrases" format:"name" most:"64" example:"{leaks: {list: [internal use only], file: phrases/leaks.txt}}" doc:"Lists of phrases looked for in every text of every request, without regard to case; how many requests held one is counted by list."`
	Prefix    Prefix              `yaml:"prefix" example:"{seed_file: keys/prefix, seen: 1000000}" doc:"The keys of prompts' beginnings."`
	Plugins   map[string]*Plugin  `yaml:"plugins" format:"name" most:"1000" example:"{filter: {module: ./filters/my.wasm}}" doc:"Policy plugins by name: WebAssembly modules with their settings. Policies say where they run."`
	Policies  map[string]*Policy  `yaml:"policies" format:"name" most:"1000" example:"{default: {before: [filter]}}" doc:"Which plugins run, by name. The policy default is that of routes that name none."`
	State     State               `yaml:"state" example:"{memory: {snapshot: state.bin}}" doc:"Counters and values that plugins keep."`
	CacheDir  string              `yaml:"cache_dir" format:"folder" example:"/var/cache/weir" doc:"Folder of Weir's own for compiled plugins: machine code, so nobody else may write to it. It is made when missing. Without one, only the binary's own plugins run."`
	CacheKey  string              `yaml:"cache_key" format:"path" example:"/var/lib/weir/cache.key" doc:"File of the key that seals what is in cache_dir; it must lie outside it. It is made when missing. Absent: the name of cache_dir with .key at its end."`
	Compile   Compile             `yaml:"compile" example:"{memory: 512MiB}" doc:"What compiling one plugin may cost."`
	PluginDir string              `yaml:"plugin_dir" format:"folder" example:"/var/lib/weir/plugins" doc:"Folder of Weir's own that keeps the plugins which tenants upload. It is made when missing."`
	Records   *Records            `yaml:"records" example:"{file: records.jsonl}" doc:"Write one JSON line for each request. Absent: off."`
	Log       Log                 `yaml:"log" example:"{level: debug, format: text}" doc:"The process log on standard error."`

	files    []string
	warnings []Fault
}

// ServerTLS names the PEM files of the data listeners.
type ServerTLS struct {
	Cert     string `yaml:"cert" required:"" format:"path" example:"tls/cert.pem" doc:"PEM file of the certificate chain, leaf first."`
	Key      string `yaml:"key" required:"" format:"path" example:"tls/key.pem" doc:"PEM file of the private key."`
	ClientCA string `yaml:"client_ca" format:"path" example:"tls/clients.pem" doc:"PEM file of the authorities whose client certificates are required. Absent: none is asked for."`
}

// Admin is the admin listener. An empty Listen means that there is none.
type Admin struct {
	Listen    Address `yaml:"listen" default:"127.0.0.1:8081" format:"optional" example:"unix:/run/weir/admin.sock" doc:"HOST:PORT or unix:PATH; off or an empty string disables it."`
	Token     Secret  `yaml:"token" instead:"token_file" example:"${WEIR_ADMIN_TOKEN}" doc:"Bearer token of the admin API. Prefer token_file or ${VAR}."`
	TokenFile string  `yaml:"token_file" format:"path" example:"admin.token" doc:"File that holds the token. One of token and token_file."`
}

// Limits bound what one client can make the data listeners hold and wait for.
type Limits struct {
	Body          Size     `yaml:"body" default:"4MiB" range:"1KiB..1GiB" example:"16MiB" doc:"Largest request body, after decompression as well."`
	Headers       Size     `yaml:"headers" default:"64KiB" range:"1KiB..1MiB" example:"128KiB" doc:"Largest header block, of requests and of upstream answers."`
	Connections   int      `yaml:"connections" default:"10000" range:"1..1000000" example:"2000" doc:"Client connections open at a time."`
	HeaderTimeout Duration `yaml:"header_timeout" default:"10s" range:"1ms..1h" example:"5s" doc:"A request's headers must have arrived within this."`
	BodyTimeout   Duration `yaml:"body_timeout" default:"60s" range:"1ms..24h" example:"2m" doc:"A request's body must have arrived within this."`
	Idle          Duration `yaml:"idle" default:"120s" range:"1ms..24h" example:"60s" doc:"A kept-alive client connection without a request is closed after this."`
	Drain         Duration `yaml:"drain" default:"30s" range:"0s..24h" example:"2m" doc:"How long open requests may go on after SIGTERM."`
	Write         Duration `yaml:"write" default:"30s" range:"1ms..1h" example:"10s" doc:"How long one write to a slow client may block."`
	Event         Size     `yaml:"event" default:"1MiB" range:"1KiB..64MiB" example:"4MiB" doc:"Longest SSE event buffered."`
	Response      Size     `yaml:"response" default:"1MiB" range:"0..64MiB" example:"0" doc:"Unstreamed answers up to this size are read whole before a byte is sent on, so that a cut upstream becomes a 502."`
}

// A Kind is the sort of server a target is.
type Kind string

// The kinds of target.
const (
	KindOpenAI    Kind = "openai"
	KindAnthropic Kind = "anthropic"
	KindVLLM      Kind = "vllm"
	KindSGLang    Kind = "sglang"
	KindLlamaCpp  Kind = "llamacpp"
	KindOllama    Kind = "ollama"
	KindSim       Kind = "sim" // the simulated model inside this process
)

// The dialects a target can speak, as they are written in Target.Dialects.
const (
	DialectOpenAI    = "openai"
	DialectAnthropic = "anthropic"
)

// The data classes that kinds of target have by default.
const (
	DataLocal = "local"
	DataCloud = "cloud"
)

// A Target is one upstream server, or the embedded simulated model.
type Target struct {
	Kind           Kind              `yaml:"kind" required:"" enum:"openai anthropic vllm sglang llamacpp ollama sim" example:"vllm" doc:"The sort of server."`
	URL            string            `yaml:"url" example:"http://127.0.0.1:8000/v1" only:"!sim" doc:"Base URL: http://HOST[:PORT][/PREFIX], https://…, or unix:PATH[:/PREFIX] for HTTP over a unix socket. Required, except for kind sim."`
	Key            Secret            `yaml:"key" instead:"key_file" example:"${OPENAI_API_KEY}" only:"!sim" doc:"Credential sent to the target, in the header its dialect uses. Prefer key_file or ${VAR}."`
	KeyFile        string            `yaml:"key_file" format:"path" example:"keys/openai" only:"!sim" doc:"File that holds the credential. One of key and key_file."`
	Dialects       []string          `yaml:"dialects" enum:"openai anthropic" most:"2" example:"[openai, anthropic]" doc:"The wire formats the target speaks. Default by kind: anthropic for anthropic, both for sim, openai for all others."`
	Models         map[string]string `yaml:"models" format:"model" example:"{llama-3: meta-llama/Llama-3.1-8B}" doc:"Model names to replace: what the client asks for, and what the target is asked for."`
	Concurrency    int               `yaml:"concurrency" default:"0" range:"0..1000000" example:"32" doc:"Requests in flight at most; 0 means no limit."`
	Connections    int               `yaml:"connections" default:"512" range:"1..1000000" example:"64" doc:"Connections to the target open at a time."`
	Connect        Duration          `yaml:"connect" default:"2s" range:"1ms..10m" example:"500ms" only:"!sim" doc:"A connection, TLS included, must stand within this."`
	FirstByte      Duration          `yaml:"first_byte" default:"120s" range:"1ms..24h" example:"5m" doc:"The answer's first byte must have come within this."`
	Idle           Duration          `yaml:"idle" default:"60s" range:"1ms..24h" example:"30s" doc:"Longest silence in the middle of an answer."`
	Proxy          ProxyURL          `yaml:"proxy" example:"${HTTPS_PROXY}" only:"!sim" doc:"HTTP proxy to the target: http://[USER:PASSWORD@]HOST:PORT. Empty: none."`
	TLS            *ClientTLS        `yaml:"tls" example:"{ca: tls/internal-ca.pem}" only:"!sim" doc:"TLS towards the target, for https URLs. Absent: the system's authorities."`
	AllowAddresses []netip.Prefix    `yaml:"allow_addresses" most:"256" example:"[169.254.169.254, 'fe80::/10']" only:"!sim" doc:"Link-local and metadata addresses that may be dialled nevertheless, as addresses or CIDR prefixes."`
	AskUsage       *bool             `yaml:"ask_usage" default:"true" example:"false" doc:"Ask for the usage chunk of streams when the client did not; the client does not see it."`
	Data           string            `yaml:"data" example:"local" doc:"Data class: what plugins call the target by when they say where data may go. Default by kind: cloud for openai and anthropic, local for all others."`
	Headers        map[string]Secret `yaml:"headers" format:"header" example:"{x-team: search}" doc:"Headers set on every request to the target."`

	Slots       int      `yaml:"slots" default:"8" range:"1..100000" only:"sim" example:"2" doc:"Kind sim: requests served at a time; others wait."`
	TTFT        Duration `yaml:"ttft" default:"20ms" range:"0s..1h" only:"sim" example:"200ms" doc:"Kind sim: time to the first token."`
	TPOT        Duration `yaml:"tpot" default:"5ms" range:"0s..1h" only:"sim" example:"10ms" doc:"Kind sim: time for each further token."`
	Seed        int64    `yaml:"seed" default:"0" range:"0..9223372036854775807" only:"sim" example:"7" doc:"Kind sim: seed of the text."`
	CacheBlocks int      `yaml:"cache_blocks" default:"4096" range:"0..10000000" only:"sim" example:"0" doc:"Kind sim: blocks of its prefix cache; 0 means no cache."`
}

// ClientTLS is how Weir speaks TLS to one target.
type ClientTLS struct {
	CA         string `yaml:"ca" format:"path" example:"tls/ca.pem" doc:"PEM file of the authorities trusted instead of the system's."`
	Cert       string `yaml:"cert" format:"path" example:"tls/client.pem" doc:"PEM file of the client certificate. With key, or not at all."`
	Key        string `yaml:"key" format:"path" example:"tls/client.key" doc:"PEM file of the client certificate's key."`
	ServerName string `yaml:"server_name" example:"models.internal" doc:"Name the target's certificate must carry. Absent: the host of the URL."`
}

// The values of Route.Inspect.
const (
	InspectFull = "full"
	InspectNone = "none"
)

// A Route sends the requests it matches to targets, in their order of preference.
type Route struct {
	Match   Match    `yaml:"match" example:"{paths: [/v1/chat/completions]}" doc:"What it takes. Absent: every request."`
	Targets []string `yaml:"targets" required:"" most:"64" example:"[local, cloud]" doc:"Names of targets, the preferred first."`
	Inspect string   `yaml:"inspect" default:"full" enum:"full none" example:"none" doc:"full: bodies are read, and paths Weir does not know are refused. none: everything passes through untouched."`
	Retries *int     `yaml:"retries" default:"2" range:"0..10" example:"0" doc:"Attempts after the first, before the first byte only."`
	Policy  string   `yaml:"policy" example:"strict" doc:"Name of the policy whose plugins run. Absent: the policy default, where there is one."`
}

// Match holds globs in which * stands for any run of characters; a list is
// matched when one of its globs is, an absent list always.
type Match struct {
	Models []string `yaml:"models" format:"glob" most:"1000" example:"['gpt-*', llama-3]" doc:"Globs over the model the client asks for. Absent: any."`
	Paths  []string `yaml:"paths" format:"glob" most:"1000" example:"['/v1/*']" doc:"Globs over the request's path, each beginning with /. Absent: any."`
}

// A Tenant is one caller, known by its keys.
type Tenant struct {
	Keys    []Key    `yaml:"keys" most:"1000" example:"[{file: keys/acme, not_after: 2027-01-31}]" doc:"The tenant's credentials; any of them will do."`
	Policy  []string `yaml:"policy" most:"64" example:"[my-filter]" doc:"The tenant's own plugins, run between the operator's of whatever policy."`
	Uploads *Uploads `yaml:"uploads" example:"{token_file: keys/acme-upload}" doc:"Lets the tenant bring plugins through the admin API. Absent: it cannot."`
}

// A Key is one credential of a tenant: exactly one of Value, File, SHA256 is
// written in the file. After loading, Value also holds what File contained;
// Digest serves all three.
type Key struct {
	Value    Secret    `yaml:"value" instead:"file" example:"${ACME_KEY}" doc:"The key itself. Prefer file, sha256 or ${VAR}."`
	File     string    `yaml:"file" format:"path" example:"keys/acme" doc:"File that holds the key."`
	SHA256   string    `yaml:"sha256" example:"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" doc:"SHA-256 of the key, 64 hexadecimal digits."`
	NotAfter time.Time `yaml:"not_after" example:"2027-01-31" doc:"Last moment the key is good: a date (to the end of that day, UTC) or an RFC 3339 time."`
	ActFor   []string  `yaml:"act_for" most:"1000" example:"['acme-*']" doc:"Tenants whose name this key may put in x-weir-tenant; a trailing * stands for any ending."`
}

// Phrases is one list of phrases: those written in the configuration, and those
// of a file, which hold one a line.
type Phrases struct {
	List []string `yaml:"list" format:"phrase" most:"10000" example:"[internal use only, do not distribute]" doc:"The phrases, each of at most 1 KiB. One of list and file, or both; one phrase at least. All lists together hold at most 65,536 phrases and 2 MiB."`
	File string   `yaml:"file" format:"path" example:"phrases/leaks.txt" doc:"UTF-8 text of at most 4 MiB, one phrase a line. Blanks around a line are not part of it; empty lines and lines that begin with # are skipped."`

	lines []string // the phrases of File
}

// Prefix is about the keys that stand for the beginnings of prompts.
type Prefix struct {
	Seed     Secret `yaml:"seed" instead:"seed_file" example:"${WEIR_PREFIX_SEED}" doc:"Secret that the keys depend on, at least 16 characters: keys stay the same over restarts and in all sidecars that share it. Absent: random for each process. Prefer seed_file or ${VAR}."`
	SeedFile string `yaml:"seed_file" format:"path" example:"keys/prefix" doc:"File that holds the seed. One of seed and seed_file."`
	Seen     int    `yaml:"seen" default:"65536" range:"0..16777216" example:"1000000" doc:"How many keys of prompts' beginnings are remembered to count how much of the prompts repeats what came before, which is what a provider's prompt cache can save. 0: none, nothing is counted."`
}

// The values of Records.Content.
const (
	ContentNone = "none"
	ContentText = "text"
)

// The values of Records.Prefix.
const (
	PrefixNone     = "none"
	PrefixMessages = "messages"
	PrefixBlocks   = "blocks"
)

// Records is the request log: one JSON object a line.
type Records struct {
	File    string  `yaml:"file" required:"" format:"path" example:"records.jsonl" doc:"File appended to."`
	Content string  `yaml:"content" default:"none" enum:"none text" example:"text" doc:"none: no content. text: messages and answers as well."`
	Prefix  string  `yaml:"prefix" default:"messages" enum:"none messages blocks" example:"blocks" doc:"Prefix keys in each record: none, those at the ends of messages (the last 64), or those of every block of 256 bytes as well (the last 4096)."`
	Sample  float64 `yaml:"sample" default:"1" range:"0..1" example:"0.1" doc:"Share of requests recorded."`
	Rotate  Rotate  `yaml:"rotate" example:"{max_size: 1GiB, keep: 3}" doc:"When a new file is begun."`
}

// Rotate bounds the room that records take.
type Rotate struct {
	MaxSize Size `yaml:"max_size" default:"100MiB" range:"1KiB..1TiB" example:"1GiB" doc:"A file that would grow beyond this is set aside and a new one begun."`
	Keep    int  `yaml:"keep" default:"5" range:"0..1000" example:"3" doc:"Files set aside that are kept."`
}

// Log is the process log.
type Log struct {
	Level  string `yaml:"level" default:"info" enum:"debug info warn error" example:"debug" doc:"Least severity written."`
	Format string `yaml:"format" default:"json" enum:"json text" example:"text" doc:"One JSON object a line, or logfmt-like text."`
}

// SlogLevel gives the level as log/slog knows it.
func (l Log) SlogLevel() slog.Level {
	switch l.Level {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// Files lists every file the configuration was read from, itself first, then
// secret, TLS and phrase files, absolute and each once: what a watcher has to watch.
// Symbolic links are listed as they are named, not as they resolve.
func (c *Config) Files() []string { return append([]string(nil), c.files...) }

// Warnings lists what is allowed but most likely not meant, sorted by position.
func (c *Config) Warnings() []Fault { return append([]Fault(nil), c.warnings...) }
