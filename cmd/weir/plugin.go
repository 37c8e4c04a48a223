package main

import (
	"github.com/spf13/cobra"
)

func pluginCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Work on plugins",
		Long: `Plugins are WebAssembly modules that judge, edit and route requests and answers.
These commands are for those who write and ship them.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(pluginCompileCommand())
	return c
}
