// Command slipway takes a team from git push to production and back.
package main

import (
	"context"
	"os"

	"slipway/internal/cli"
	"slipway/internal/executor/sandbox"
)

func main() {
	if code, isInit := sandbox.Init(); isInit { // this process is the first one of a sandbox
		os.Exit(code)
	}
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.StandardStreams()))
}
