package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"slipway/internal/expr"
	"slipway/internal/fault"
)

func newEvalCommand(s Streams) *cobra.Command {
	var contexts string
	var asJSON, batch bool
	cmd := &cobra.Command{
		Use:   "eval [EXPR]",
		Short: "Evaluate an expression of GitHub Actions",
		Long: `Evaluate an expression, with or without ${{ }}, and print its value: a string
as it is, anything else as JSON.

The contexts the expression may use are the keys of the object in the file that
--contexts names. success() and always() are true, failure() and cancelled()
false.

With --batch, expressions come from standard input, one JSON object a line,
{"expr": "...", "contexts": {...}}, and the answers go to standard output, one a
line in the same order: {"kind": "Number", "value": 1}, or
{"error": {"kind": "lexing|parsing|evaluation|input", "message": "..."}}; an error
of the kind input says that the line itself is wrong. A line has at most 10 MiB.
Numbers JSON has not are the strings NaN, Infinity and -Infinity. There are no
status functions in a batch.

Exit codes: 0 evaluated, 1 the evaluation failed, 2 the expression or the usage
is wrong. A batch exits with 0 whatever its answers say.`,
		Example: `  slipway eval "format('{0}, {1}!', 'Hello', github.actor)" --contexts contexts.json
  slipway eval '${{ 1 < 2 && 0x10 }}' --json`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case batch && (len(args) > 0 || contexts != "" || asJSON):
				return fault.New(fault.Usage, "--batch takes expressions and contexts from standard input; leave out EXPR, --contexts and --json")
			case !batch && len(args) != 1:
				return fault.New(fault.Usage, "eval takes one expression, got %d; quote it for the shell: slipway eval \"github.ref == 'x'\"", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if batch {
				return evalBatch(cmd.Context(), s)
			}
			return evalOne(s, args[0], contexts, asJSON)
		},
	}
	cmd.Flags().StringVar(&contexts, "contexts", "", "JSON `FILE` that holds the contexts by name; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"kind": …, "value": …} on one line`)
	cmd.Flags().BoolVar(&batch, "batch", false, "answer the expressions on standard input")
	return cmd
}

// statusFunctions are those of a job in which nothing has failed.
func statusFunctions() []expr.Function {
	constant := func(name string, b bool) expr.Function {
		return expr.Function{Name: name, Call: func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(b), nil }}
	}
	return []expr.Function{constant("always", true), constant("success", true), constant("failure", false), constant("cancelled", false)}
}

// evalOne evaluates the expression in arg and prints its value, or what is
// wrong and where.
func evalOne(s Streams, arg, contextsFile string, asJSON bool) error {
	contexts, err := readContexts(s, contextsFile)
	if err != nil {
		return err
	}
	src, indent := unwrap(arg)
	v, err := evaluate(src, contexts, statusFunctions())
	if err != nil {
		return explain(s, arg, indent, err)
	}
	switch {
	case asJSON:
		_, err = s.Out.Write(append(appendAnswer(nil, v, nil), '\n'))
	case v.Kind() == expr.KindString:
		_, err = fmt.Fprintln(s.Out, v.Text())
	default:
		_, err = fmt.Fprintln(s.Out, v.ToJSON())
	}
	return err
}

// evaluate parses and evaluates src, which may use these contexts and functions.
func evaluate(src string, contexts *expr.Object, functions []expr.Function) (expr.Value, error) {
	names := expr.Names{Functions: functions}
	for name := range contexts.All() {
		names.Contexts = append(names.Contexts, name)
	}
	parsed, err := expr.Parse(src, &names)
	if err != nil {
		return expr.Null(), err
	}
	return parsed.Eval(&expr.Scope{Contexts: contexts, Functions: functions, MaxBytes: expr.BareMaxBytes})
}

// unwrap returns the expression inside `${{ }}` and where it begins in arg.
func unwrap(arg string) (src string, at int) {
	inside, ok := strings.CutPrefix(strings.TrimSpace(arg), "${{")
	if !ok || !strings.HasSuffix(inside, "}}") {
		return arg, 0
	}
	src = strings.TrimSpace(strings.TrimSuffix(inside, "}}"))
	return src, strings.Index(arg, "${{") + 3 + strings.Index(inside, src)
}

// readContexts reads the object in a file, or nothing when it has no name.
func readContexts(s Streams, file string) (*expr.Object, error) {
	var data []byte
	var err error
	switch file {
	case "":
		return nil, nil
	case "-":
		data, err = io.ReadAll(s.In)
	default:
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fault.New(fault.Usage, "cannot read the contexts: %w", err)
	}
	v, err := expr.FromJSON(data)
	if err != nil {
		return nil, fault.New(fault.Usage, "%s is not JSON: %w", file, err)
	}
	if v.Object() == nil {
		return nil, fault.New(fault.Usage, "%s holds %s; expected an object whose keys are names of contexts, such as {\"github\": {\"ref\": \"refs/heads/main\"}}", file, v.Kind())
	}
	return v.Object(), nil
}

// explain prints the error of an expression that begins at byte indent of arg,
// with a caret under the place, and returns the exit code.
func explain(s Streams, arg string, indent int, err error) error {
	e, ok := errors.AsType[*expr.Error](err)
	if !ok {
		return err
	}
	offset := min(indent+e.Offset, len(arg))
	start := strings.LastIndexByte(arg[:offset], '\n') + 1
	line, _, _ := strings.Cut(arg[start:], "\n")
	margin := strings.Map(func(r rune) rune { // as wide as the text above it
		if r == '\t' {
			return r
		}
		return ' '
	}, arg[start:offset])
	marked := min(e.Length, start+len(line)-offset)
	caret := "^" + strings.Repeat("~", max(0, utf8.RuneCountInString(arg[offset:offset+max(0, marked)])-1))
	fmt.Fprintf(s.Err, "slipway: %s\n  %s\n  %s%s\n", e.Message, line, margin, caret)
	if strings.HasPrefix(e.Message, "Unrecognized named-value") {
		fmt.Fprintln(s.Err, "  give the contexts it may use with --contexts FILE")
	}
	if e.Kind == expr.Evaluation {
		return exit{ExitFailed}
	}
	return exit{ExitUsage}
}

// appendAnswer appends a value, or the error that took its place, as the JSON
// object of --json and --batch.
func appendAnswer(dst []byte, v expr.Value, err error) []byte {
	if err == nil {
		dst = append(dst, `{"kind":"`...)
		dst = append(dst, v.Kind().String()...)
		dst = append(dst, `","value":`...)
		return append(v.AppendJSON(dst), '}')
	}
	kind := "input"
	if e, ok := errors.AsType[*expr.Error](err); ok {
		kind = string(e.Kind)
	}
	dst = append(dst, `{"error":{"kind":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","message":`...)
	return append(expr.String(err.Error()).AppendJSON(dst), "}}"...)
}

// maxBatchLine is the longest line of a batch, in bytes.
const maxBatchLine = 10 << 20

// evalBatch answers every line of the input with one line.
func evalBatch(ctx context.Context, s Streams) error {
	in := bufio.NewReaderSize(s.In, 64<<10)
	out := bufio.NewWriterSize(s.Out, 64<<10)
	var line, answer []byte
	for number := 1; ctx.Err() == nil; number++ {
		var tooLong bool
		var err error
		line, tooLong, err = readLine(in, line[:0])
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read standard input: %w", err), out.Flush())
		}
		v, err := expr.Null(), errors.New("it is longer than 10 MiB")
		if !tooLong {
			v, err = evalLine(line)
		}
		if _, ok := errors.AsType[*expr.Error](err); err != nil && !ok {
			err = fmt.Errorf("line %s: %w", strconv.Itoa(number), err)
		}
		answer = append(appendAnswer(answer[:0], v, err), '\n')
		if _, err := out.Write(answer); err != nil {
			return err
		}
		if in.Buffered() == 0 { // whoever asks may be waiting for this answer
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(ctx.Err(), out.Flush())
}

// readLine appends the next line, without its end, to buf. Of a line that is
// too long the rest is skipped. The error is io.EOF when there is no line.
func readLine(in *bufio.Reader, buf []byte) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(buf)+len(part) > maxBatchLine+1 {
			tooLong, buf = true, buf[:0]
		} else if !tooLong {
			buf = append(buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF && (len(buf) > 0 || tooLong), err == nil:
			if n := len(buf); n > 0 && buf[n-1] == '\n' {
				buf = buf[:n-1]
			}
			return buf, tooLong, nil
		default:
			return nil, false, err
		}
	}
}

// evalLine evaluates one line of a batch. An error that is no *expr.Error says
// what is wrong with the line itself.
func evalLine(line []byte) (expr.Value, error) {
	request, err := expr.FromJSON(line)
	if err != nil {
		return expr.Null(), fmt.Errorf("not JSON: %w", err)
	}
	src := request.Field("expr")
	if src.Kind() != expr.KindString {
		return expr.Null(), errors.New(`expected an object with a string "expr", such as {"expr": "1 < 2", "contexts": {}}`)
	}
	contexts := request.Field("contexts")
	if contexts.Object() == nil && !contexts.IsNull() {
		return expr.Null(), fmt.Errorf(`"contexts" is %s; expected an object`, contexts.Kind())
	}
	return evaluate(src.Text(), contexts.Object(), nil)
}
