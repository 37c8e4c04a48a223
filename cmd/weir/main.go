// Command weir is a sidecar between applications and language models.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, errSaid):
		os.Exit(1)
	default:
		_, _ = fmt.Fprintln(os.Stderr, "weir:", err)
		os.Exit(1)
	}
}

// errSaid ends the process with status 1 when the reason has been printed.
var errSaid = errors.New("already printed")

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "weir",
		Short: "A sidecar between applications and language models",
		Long: `Weir stands between an application and its language models. It speaks the
OpenAI and Anthropic APIs on both sides, knows tenants by their keys, forwards
requests byte for byte, relays streams event by event, cancels the model when
the client leaves, and never lets a broken answer look like a whole one.

Begin with "weir serve": without a configuration it answers on 127.0.0.1:8080
with a simulated model.`,
		Version:       versionString(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return fmt.Errorf("%w; %s", err, seeHelp(c)) })
	c.AddCommand(serveCommand(), checkCommand(), simCommand(), pluginCommand(), replayCommand(), versionCommand())
	c.CompletionOptions.HiddenDefaultCmd = true
	return c
}

// noArguments refuses what is no flag: a misspelt command, or a file without its
// flag.
func noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.HasSubCommands():
		return fmt.Errorf("unknown command %q; %s", args[0], seeHelp(c))
	default:
		return fmt.Errorf("%s takes no argument, and %q is one; %s", c.CommandPath(), args[0], seeHelp(c))
	}
}

func seeHelp(c *cobra.Command) string { return fmt.Sprintf("see %q", c.CommandPath()+" --help") }
