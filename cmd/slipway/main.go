// Command slipway takes a team from git push to production and back.
package main

import (
	"context"
	"os"

	"slipway/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.StandardStreams()))
}
