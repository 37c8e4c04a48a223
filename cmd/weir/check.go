package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"weir/host/config"
)

func checkCommand() *cobra.Command {
	var path string
	var schema bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration file",
		Long: `Read a configuration as "weir serve" would, with its environment variables and
secret files, and print every fault at once as

  file:line:column: what; which setting

The exit status is 0 when it would be served, 1 when not. Warnings do not
change it. With --schema, print the JSON schema of the configuration instead,
for editors.`,
		Example: `  weir check --config weir.yaml
  weir check --schema > weir.schema.json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if schema {
				b, err := config.Schema()
				if err != nil {
					return err
				}
				_, err = c.OutOrStdout().Write(append(b, '\n'))
				return err
			}
			if path == "" {
				return errors.New("name the file: weir check --config FILE")
			}
			cfg, err := config.Load(path, os.LookupEnv)
			if err != nil {
				return faults(err)
			}
			for _, w := range cfg.Warnings() {
				_, _ = fmt.Fprintln(os.Stderr, "warning:", w.String())
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: ok: %s, %s, %s\n", path,
				number(len(cfg.Targets), "target"), number(len(cfg.Routes), "route"), number(len(cfg.Tenants), "tenant"))
			return err
		},
	}
	c.Flags().StringVarP(&path, "config", "c", "", "configuration `FILE`")
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON schema")
	return c
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// faults prints the faults of a configuration, one a line; other errors are
// returned as they are.
func faults(err error) error {
	var fs config.Faults
	if !errors.As(err, &fs) {
		return err
	}
	for _, f := range fs {
		if strings.HasPrefix(f.File, "--") { // a flag has no lines
			_, _ = fmt.Fprintf(os.Stderr, "weir: %s: %s; %s\n", f.File, f.What, f.Setting)
			continue
		}
		_, _ = fmt.Fprintln(os.Stderr, f.String())
	}
	return errSaid
}
