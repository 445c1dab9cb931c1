// Package hashfiles is the expression function hashFiles(): the SHA-256 of the
// files of a workspace that match some patterns. It imports fault only.
//
// Behaviour follows actions/runner HashFilesFunction.cs and src/Misc/expressionFunc/hashFiles
// with @actions/glob 0.7, on Linux.
package hashfiles

import "context"

// Hash returns the lower-case hexadecimal digest hashFiles(args...) gives in a
// workspace (an absolute path), "" when no file matches. args are the
// function's arguments as text: patterns, each of one or more lines, and first
// `--follow-symbolic-links` or not. ctx bounds it: the caller gives GitHub's
// 120 seconds. Errors have code Invalid (an argument) or Internal (a file).
func Hash(ctx context.Context, workspace string, args []string) (string, error) {
	return "", ctx.Err()
}
