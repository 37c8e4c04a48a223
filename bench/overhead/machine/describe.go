package machine

import "runtime"

// A Description is what figures must be read with.
type Description struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"` // that this process may use
	Kernel string `json:"kernel"`
	Load   string `json:"load"` // averages over 1, 5, 15 minutes when the run began
	Go     string `json:"go"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
}

func describe() Description {
	return Description{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()}
}
