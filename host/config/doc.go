// Package config reads Weir's YAML configuration into structs: strictly, with
// defaults, and with every fault reported at once, each with its place and the
// setting to change.
//
// It does: refuse unknown and duplicate keys, values without units and
// settings that contradict each other; expand ${VAR} inside values after
// parsing; read the secrets and phrases that files hold; check that TLS files
// load; give the JSON schema of the file and a dump of a configuration without secrets.
//
// It does not: open listeners, dial targets, watch files (Files says which),
// or build anything from the settings. It starts no goroutines and keeps no
// state; a Config is read-only once returned and may be shared.
//
// It imports nothing of Weir. Every package of Weir may import it.
package config
