package config

// BuiltinPrefix begins the modules that are part of the binary.
const BuiltinPrefix = "builtin:"

// The values of Plugin.Mode.
const (
	ModeEnforce = "enforce"
	ModeObserve = "observe"
	ModeOff     = "off"
)

// The values of Plugin.OnError, OnFault and OnLoadError, and of Policy.OnUninspected.
const (
	Deny  = "deny"
	Allow = "allow"
)

// DefaultPolicy is the policy of routes that name none.
const DefaultPolicy = "default"

// faultClasses are the keys of Plugin.OnFault.
func faultClasses() []string {
	return []string{"trap", "fuel", "deadline", "verdict", "export", "start", "busy", "open", "load", "unreadable"}
}

// A Plugin is one WebAssembly module with its settings.
type Plugin struct {
	Module       string            `yaml:"module" required:"" example:"./filters/my.wasm" doc:"The module: builtin:NAME, or a .wasm file. The file is watched: a new version is taken into force when it is found good."`
	SHA256       string            `yaml:"sha256" example:"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" doc:"SHA-256 the module must have, 64 hexadecimal digits. Absent: any."`
	Tenant       string            `yaml:"tenant" example:"acme" doc:"The tenant whose own the plugin is: it runs in that tenant's policy alone, and cannot undo what the operator's say. Absent: the operator's."`
	Mode         string            `yaml:"mode" default:"enforce" enum:"enforce observe off" example:"observe" doc:"enforce: what it says is done. observe: it runs, is measured and recorded, and changes nothing. off: it does not run."`
	OnError      string            `yaml:"on_error" enum:"deny allow" example:"allow" doc:"What becomes of a request when the plugin fails. Absent: what its manifest says; else deny if the manifest says that it guards, allow if not."`
	OnFault      map[string]string `yaml:"on_fault" format:"fault" enum:"deny allow" most:"16" example:"{deadline: allow, busy: allow}" doc:"The same for single classes of failure: trap, fuel, deadline, verdict, export, start, busy, open (the breaker), load, unreadable."`
	OnLoadError  string            `yaml:"on_load_error" enum:"deny allow" example:"deny" doc:"What becomes of requests while the module cannot be loaded at all. Absent: an operator's plugin that cannot be loaded is a fault of the configuration; a tenant's own follows on_error."`
	Sample       float64           `yaml:"sample" default:"1" range:"0..1" example:"0.1" doc:"Share of requests it runs for."`
	Capabilities []string          `yaml:"capabilities" enum:"clock random load price" most:"4" example:"[clock]" doc:"What it may use beyond the request: the clock, random numbers, how busy targets are, what they cost."`
	Limits       PluginLimits      `yaml:"limits" example:"{deadline: 5ms, memory: 16MiB}" doc:"What it may spend."`
	Config       Settings          `yaml:"config" example:"{words: [secret]}" doc:"Its own settings, handed to it as JSON."`
}

// PluginLimits bound what a plugin may spend.
type PluginLimits struct {
	Deadline Duration `yaml:"deadline" default:"2ms" range:"10us..1m" example:"5ms" doc:"One call may take this long."`
	Fuel     int64    `yaml:"fuel" default:"20M" range:"1k..281T" format:"count" example:"50M" doc:"Units of work one call may spend: about one a WebAssembly instruction."`
	Memory   Size     `yaml:"memory" default:"8MiB" range:"64KiB..1GiB" example:"16MiB" doc:"Memory of one instance."`
	Stack    Size     `yaml:"stack" default:"512KiB" range:"16KiB..4MiB" example:"256KiB" doc:"Stack of one call."`
	Pool     int      `yaml:"pool" default:"4" range:"1..1024" example:"16" doc:"Instances for one tenant."`
	Wait     Duration `yaml:"wait" default:"10ms" range:"10us..1m" example:"50ms" doc:"How long a request waits for a free instance."`
	Start    Duration `yaml:"start" default:"2s" range:"1ms..1m" example:"5s" doc:"Making an instance may take this long: start function, _initialize and configure."`
}

// Compile bounds the process that compiles one plugin.
type Compile struct {
	CPU    Duration `yaml:"cpu" default:"10s" range:"1s..10m" example:"30s" doc:"Processor time, in whole seconds."`
	Wall   Duration `yaml:"wall" default:"60s" range:"1s..1h" example:"2m" doc:"Time by the clock."`
	Memory Size     `yaml:"memory" default:"256MiB" range:"32MiB..16GiB" example:"512MiB" doc:"Memory; never more than a quarter of the cgroup's."`
}

// A Policy is the order of the operator's plugins.
type Policy struct {
	Before        []string `yaml:"before" most:"64" example:"[injection]" doc:"Plugins that run before the tenant's own."`
	After         []string `yaml:"after" most:"64" example:"[fairness]" doc:"Plugins that run after them."`
	Budget        Duration `yaml:"budget" default:"25ms" range:"10us..1m" example:"50ms" doc:"All plugins of one request together may take this long before a target is chosen, waits for free instances included; those left then fail with deadline."`
	OnUninspected string   `yaml:"on_uninspected" default:"allow" enum:"deny allow" example:"deny" doc:"What becomes of requests with content nobody can read: images, files, stored prompts, earlier responses."`
}

// Uploads is what a tenant may bring through the admin API.
type Uploads struct {
	Token     Secret `yaml:"token" instead:"token_file" example:"${ACME_UPLOAD_TOKEN}" doc:"Bearer token for the tenant's part of the admin API. Prefer token_file or ${VAR}."`
	TokenFile string `yaml:"token_file" format:"path" example:"keys/acme-upload" doc:"File that holds the token. One of token and token_file."`
	Plugins   int    `yaml:"plugins" default:"4" range:"1..64" example:"2" doc:"Plugins at a time."`
	Size      Size   `yaml:"size" default:"4MiB" range:"1KiB..16MiB" example:"1MiB" doc:"Largest module."`
}

// State is where plugins' counters and values are kept.
type State struct {
	Memory StateMemory `yaml:"memory" example:"{snapshot: state.bin}" doc:"In this process."`
}

// StateMemory is state inside the process.
type StateMemory struct {
	Entries  int      `yaml:"entries" default:"1000000" range:"1000..10000000" example:"100000" doc:"Keys of all plugins together. When there are as many, whichever plugin holds most for one tenant gives up those it used least."`
	Size     Size     `yaml:"size" default:"256MiB" range:"1MiB..1GiB" example:"64MiB" doc:"Memory of all plugins' state together."`
	Share    int      `yaml:"share" default:"10000" range:"1..10000000" example:"1000" doc:"Keys of one plugin for one tenant. Beyond it gives up those that have expired, then those it used least."`
	Snapshot string   `yaml:"snapshot" format:"path" example:"state.bin" doc:"File that keeps the state over restarts, with what is left of each key's time. Absent: it is gone with the process."`
	Every    Duration `yaml:"every" default:"30s" range:"1s..24h" example:"5m" doc:"How often the snapshot is written; also when the process ends."`
}
