package workflow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/expr"
)

// jobToken reads one key of a job, written in flow style.
func jobToken(t *testing.T, key, value string) *Token {
	t.Helper()
	text := "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: x}]\n    " + key + ": " + value + "\n"
	if key == "runs-on" {
		text = strings.Replace(text, "    runs-on: x\n", "", 1)
	}
	w, errs := Read("f.yml", []byte(text), Options{})
	if len(errs) > 0 {
		t.Fatalf("%s: %s: %v", key, value, errs)
	}
	job := w.Jobs[0]
	return map[string]*Token{
		"strategy": job.Strategy, "concurrency": job.Concurrency, "runs-on": job.RunsOn, "environment": job.Environment,
		"container": job.Container, "services": job.Services, "env": job.Env, "name": job.Name, "if": job.If,
		"timeout-minutes": job.TimeoutMinutes, "continue-on-error": job.ContinueOnError, "defaults": job.Defaults,
	}[key]
}

func testScope() *expr.Scope {
	event, _ := expr.FromJSON([]byte(`{"list": ["a", "b"], "map": {"K": "v", "n": 1.5, "b": true, "nothing": null}, "deep": {"x": [1]}, "yes": true, "five": 5, "text": "true", "empty": []}`))
	return &expr.Scope{
		Contexts: expr.NewObject(
			expr.Pair{Key: "github", Value: expr.FromObject(expr.NewObject(expr.Pair{Key: "event", Value: event}, expr.Pair{Key: "ref", Value: expr.String("main")}))},
		),
		Functions: []expr.Function{{Name: "success", Call: func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(true), nil }}},
	}
}

// outcome is what an evaluation gave, or "error: …".
func outcome(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%+v", v)
}

func TestEvaluateScalars(t *testing.T) {
	const at = "error: f.yml (Line: 6, Col: "
	cases := []struct{ key, value, want string }{
		{"name", "x", "x"},
		{"name", "12.50", "12.5"},
		{"name", "'${{ github.event.yes }}'", "true"},
		{"name", "'a ${{ github.event.five }} b'", "a 5 b"},
		{"name", "'${{ github.event.none }}'", ""},
		{"name", "'${{ github.event.list }}'", at + "11): A sequence was not expected"},
		{"name", "'${{ github.event.map }}'", at + "11): A mapping was not expected"},
		{"timeout-minutes", "5", "5"},
		{"timeout-minutes", "'${{ github.event.five }}'", "5"},
		{"timeout-minutes", "'${{ github.event.text }}'", at + "22): Unexpected value 'true'"},
		{"timeout-minutes", "'${{ github.event.none }}'", at + "22): Unexpected value ''"},
		{"timeout-minutes", "'${{ github.event.list }}'", at + "22): A sequence was not expected"},
		{"continue-on-error", "true", "true"},
		{"continue-on-error", "'${{ github.event.yes }}'", "true"},
		{"continue-on-error", "'${{ github.event.text }}'", at + "24): Unexpected value 'true'"},
		{"continue-on-error", "'${{ fromJSON(github.ref) }}'", at + "24): Error parsing fromJson"},
	}
	for _, c := range cases {
		token := jobToken(t, c.key, c.value)
		var got string
		switch c.key {
		case "name":
			got = outcome(EvaluateString(token, testScope(), "default"))
		case "timeout-minutes":
			got = outcome(EvaluateNumber(token, testScope(), 360))
		default:
			got = outcome(EvaluateBool(token, testScope(), false))
		}
		if got != c.want && !(strings.Contains(c.want, "fromJson") && strings.HasPrefix(got, at+"24): Error parsing")) {
			t.Errorf("%s: %s gives %s, want %s", c.key, c.value, got, c.want)
		}
	}
	if s, err := EvaluateString(nil, nil, "default"); s != "default" || err != nil {
		t.Errorf("no token gives %q, %v", s, err)
	}
}

func TestEvaluateStructures(t *testing.T) {
	long := strings.Repeat("x", 401)
	cases := []struct{ key, value, want string }{
		{"concurrency", "g", "{Group:g CancelInProgress:false Queue:single}"},
		{"concurrency", "{group: g, queue: max}", "{Group:g CancelInProgress:false Queue:max}"},
		{"concurrency", "{group: '${{ github.ref }}', cancel-in-progress: '${{ github.event.yes }}'}", "{Group:main CancelInProgress:true Queue:single}"},
		{"concurrency", "'${{ github.event.none }}'", "error: f.yml (Line: 6, Col: 18): Concurrency group name cannot be empty"},
		{"concurrency", "{group: '${{ github.event.none }}'}", "error: f.yml (Line: 6, Col: 26): Unexpected value ''"},
		{"concurrency", "'${{ github.event.list }}'", "error: f.yml (Line: 6, Col: 18): A sequence was not expected"},
		{"concurrency", "'${{ github.event.map }}'", "error: f.yml (Line: 6, Col: 18): Unexpected value 'K',f.yml (Line: 6, Col: 18): Unexpected value 'n',f.yml (Line: 6, Col: 18): Unexpected value 'b',f.yml (Line: 6, Col: 18): Unexpected value 'nothing',f.yml (Line: 6, Col: 18): Required property is missing: group"},
		{"concurrency", "{group: g, cancel-in-progress: '${{ github.event.text }}'}", "error: f.yml (Line: 6, Col: 49): Unexpected value 'true'"},
		{"concurrency", "\"${{ format('" + long + "') }}\"", "error: f.yml (Line: 6, Col: 18): Concurrency group name must be less than 400 characters"},

		{"runs-on", "linux", "{Labels:[linux] Group:}"},
		{"runs-on", "[self-hosted, '${{ github.ref }}']", "{Labels:[self-hosted main] Group:}"},
		{"runs-on", "'${{ github.event.list }}'", "{Labels:[a b] Group:}"},
		{"runs-on", "{group: org/big, labels: '${{ github.event.list }}'}", "{Labels:[a b] Group:org/big}"},
		{"runs-on", "{group: big}", "{Labels:[] Group:big}"},
		{"runs-on", "{group: '${{ format('a/b') }}'}", ""},
		{"runs-on", "\"${{ fromJSON('{\\\"group\\\": \\\"a/b\\\"}') }}\"", "error: f.yml (Line: 5, Col: 14): Invalid runs-on group name 'a/b'. Please use 'organization/' or 'enterprise/' prefix to target a single runner group."},
		{"runs-on", "\"${{ fromJSON('{\\\"group\\\": \\\"org/\\\"}') }}\"", "error: f.yml (Line: 5, Col: 14): Invalid runs-on group name 'org/'."},
		{"runs-on", "'${{ github.event.none }}'", "error: f.yml (Line: 5, Col: 14): Unexpected value ''"},
		{"runs-on", "'${{ github.event.deep }}'", "error: f.yml (Line: 5, Col: 14): Unexpected value 'x'"},

		{"environment", "prod", "{Name:prod URL:<nil> Deployment:true}"},
		{"environment", "'${{ github.event.none }}'", "{Name: URL:<nil> Deployment:false}"},
		{"environment", "{name: '${{ github.ref }}', deployment: false}", "{Name:main URL:<nil> Deployment:false}"},

		{"defaults", "{run: {shell: bash, working-directory: '${{ github.ref }}'}}", "{Shell:bash WorkingDirectory:main}"},
		{"defaults", "{run: {shell: '${{ github.event.none }}'}}", "error: f.yml (Line: 6, Col: 29): Unexpected value ''"},

		{"env", "{A: 1, '${{ github.ref }}': true, B: null}", "[{Key:A Value:1} {Key:main Value:true} {Key:B Value:}]"},
		{"env", "'${{ github.event.map }}'", "[{Key:K Value:v} {Key:n Value:1.5} {Key:b Value:true} {Key:nothing Value:}]"},
		{"env", "{A: 1, '${{ insert }}': '${{ github.event.map }}'}", "[{Key:A Value:1} {Key:K Value:v} {Key:n Value:1.5} {Key:b Value:true} {Key:nothing Value:}]"},
		{"env", "{A: 1, '${{ insert }}': '${{ github.ref }}'}", "error: f.yml (Line: 6, Col: 34): Expected a mapping"},
		{"env", "{main: 1, '${{ github.ref }}': 2}", "error: f.yml (Line: 6, Col: 20): 'main' is already defined"},
		{"env", "{A: '${{ github.event.list }}', B: '${{ github.event.deep }}'}", "error: f.yml (Line: 6, Col: 14): A sequence was not expected,f.yml (Line: 6, Col: 45): A mapping was not expected"},
		{"env", "'${{ github.ref }}'", "error: f.yml (Line: 6, Col: 10): Unexpected value 'main'"},

		{"container", "docker://alpine:3", "&{Image:alpine:3 Env:[] Ports:[] Volumes:[] Options: Entrypoint: Command: Credentials:<nil>}"},
		{"container", "'${{ github.event.none }}'", "<nil>"},
		{"container", "{image: a, env: {X: '${{ github.ref }}'}, ports: [80, '${{ github.ref }}'], volumes: [v], options: --cpus 1}", "&{Image:a Env:[{Key:X Value:main}] Ports:[80 main] Volumes:[v] Options:--cpus 1 Entrypoint: Command: Credentials:<nil>}"},
		{"container", "'${{ github.event.map }}'", "error: f.yml (Line: 6, Col: 16): Unexpected value 'K',f.yml (Line: 6, Col: 16): Unexpected value 'n',f.yml (Line: 6, Col: 16): Unexpected value 'b',f.yml (Line: 6, Col: 16): Unexpected value 'nothing'"},
	}
	evaluators := map[string]func(*Token) string{
		"concurrency": func(t *Token) string { return outcome(EvaluateConcurrency(t, testScope())) },
		"runs-on":     func(t *Token) string { return outcome(EvaluateRunsOn(t, testScope())) },
		"environment": func(t *Token) string { return outcome(EvaluateEnvironment(t, testScope())) },
		"defaults":    func(t *Token) string { return outcome(EvaluateDefaults(t, testScope())) },
		"env":         func(t *Token) string { return outcome(EvaluateStringMap(t, testScope())) },
		"container":   func(t *Token) string { return outcome(EvaluateContainer(t, testScope())) },
	}
	for _, c := range cases {
		if c.want == "" {
			continue
		}
		if got := evaluators[c.key](jobToken(t, c.key, c.value)); got != c.want {
			t.Errorf("%s: %s gives\n     %s\nwant %s", c.key, c.value, got, c.want)
		}
	}
}

func TestEvaluateEnvironmentURL(t *testing.T) {
	env, err := EvaluateEnvironment(jobToken(t, "environment", "{name: p, url: 'https://${{ steps.x.outputs.y }}'}"), testScope())
	if err != nil || env.URL.Str() != "https://${{ steps.x.outputs.y }}" || !env.Deployment {
		t.Errorf("environment is %+v, %v: the URL is the runner's to evaluate", env, err)
	}
}

func TestEvaluateServices(t *testing.T) {
	services, err := EvaluateServices(jobToken(t, "services",
		"{db: {image: 'postgres:16', entrypoint: e, command: c, credentials: {username: '${{ github.ref }}', password: p}}, none: '${{ github.event.none }}', r: redis}"), testScope())
	if err != nil || len(services) != 3 {
		t.Fatalf("%v, %v", services, err)
	}
	if db := services[0]; db.Name != "db" || db.Container.Entrypoint != "e" || db.Container.Command != "c" || *db.Container.Credentials != (Credentials{"main", "p"}) {
		t.Errorf("db is %+v", db.Container)
	}
	if services[1].Container != nil || services[2].Container.Image != "redis" {
		t.Errorf("services are %+v", services)
	}
	if s, err := EvaluateServices(nil, nil); s != nil || err != nil {
		t.Errorf("no services are %v, %v", s, err)
	}
}

func TestEvaluateStrategy(t *testing.T) {
	const at = "error: f.yml (Line: 6, Col: "
	cases := []struct{ name, value, want string }{
		{"defaults", "{matrix: {a: [1]}}", `true 0 {"a":1}`},
		{"settings", "{fail-fast: '${{ !github.event.yes }}', max-parallel: 2.9, matrix: {a: [1]}}", `false 2 {"a":1}`},
		{"no matrix", "{fail-fast: false}", `false 0 `},
		{"product", "{matrix: {a: [1, 2], b: [x, y]}}", `true 0 {"a":1,"b":"x"} {"a":1,"b":"y"} {"a":2,"b":"x"} {"a":2,"b":"y"}`},
		{"exclude compares loosely", "{matrix: {a: ['1', x], b: [A, b], exclude: [{a: 1}, {b: B}]}}", `true 0 {"a":"x","b":"A"}`},
		{"exclude by a key with no value", "{matrix: {a: [{}, 1], exclude: [{a: {}}]}}", `true 0 `},
		{"include never overwrites a vector", "{matrix: {a: [1], include: [{a: 1, b: 1}, {b: 2}, {a: 2}]}}", `true 0 {"a":1,"b":2} {"a":2}`},
		// The example of GitHub's documentation.
		{"include, as documented", "{matrix: {fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}}",
			`true 0 {"fruit":"apple","animal":"cat","color":"pink","shape":"circle"} {"fruit":"apple","animal":"dog","color":"green","shape":"circle"} {"fruit":"pear","animal":"cat","color":"pink"} {"fruit":"pear","animal":"dog","color":"green"} {"fruit":"banana"} {"fruit":"banana","animal":"cat"}`},
		{"include puts vectors first", "{matrix: {b: [1], include: [{a: 9, b: 2}]}}", `true 0 {"b":1} {"b":2,"a":9}`},
		{"keys ignore case", "{matrix: {Os: [a, b], include: [{os: b, x: 1}], exclude: [{OS: a}]}}", `true 0 {"Os":"b","x":1}`},
		{"deep filters", "{matrix: {v: [{n: 1, l: [x]}, {n: 2, l: [y]}], exclude: [{v: {l: [X]}}]}}", `true 0 {"v":{"n":2,"l":["y"]}}`},
		{"from an expression", "\"${{ fromJSON('{\\\"matrix\\\": {\\\"a\\\": [1, [2]]}, \\\"max-parallel\\\": 3}') }}\"", `true 3 {"a":1} {"a":[2]}`},
		{"a vector that is text", "{matrix: {a: '${{ github.ref }}'}}", at + "28): Unexpected value 'main'"},
		{"a vector that is a mapping", "{matrix: {a: '${{ github.event.map }}'}}", at + "28): A mapping was not expected"},
		{"an empty vector", "{matrix: {a: '${{ github.event.empty }}'}}", at + "28): Matrix vector 'a' does not contain any values"},
		{"an empty matrix", "{matrix: \"${{ fromJSON('{}') }}\"}", at + "24): Matrix must define at least one vector"},
		{"only an empty include", "{matrix: {include: '${{ github.event.empty }}'}}", at + "24): Matrix must define at least one vector"},
		{"an empty include item", "{matrix: {include: \"${{ fromJSON('[{}]') }}\"}}", at + "34): Matrix include mapping does not contain any values"},
		{"an empty exclude item", "{matrix: {a: [1], exclude: \"${{ fromJSON('[{}]') }}\"}}", at + "42): Matrix exclude filter must not be empty"},
		{"an unknown exclude key", "{matrix: {a: [1], exclude: \"${{ fromJSON('[{\\\"b\\\": 1}]') }}\"}}", at + "42): Matrix exclude key 'b' does not match any key within the matrix"},
		{"an include that is no mapping", "{matrix: {include: '${{ github.event.list }}'}}", at + "34): Unexpected value 'a',f.yml (Line: 6, Col: 34): Unexpected value 'b'"},
		{"fail-fast as text", "{fail-fast: '${{ github.event.text }}', matrix: {a: [1]}}", at + "27): Unexpected value 'true'"},
		{"an unknown key", "\"${{ fromJSON('{\\\"other\\\": 1}') }}\"", at + "15): Unexpected value 'other'"},
		{"257 legs", "{matrix: {a: \"${{ fromJSON('[" + numbers(257) + "]') }}\"}}", "error: Strategy expansion exceeded 256 results"},
		{"256 of 400 by exclude", "{matrix: {a: \"${{ fromJSON('[" + numbers(20) + "]') }}\", b: \"${{ fromJSON('[" + numbers(20) + "]') }}\", exclude: [{a: 0}, {a: 1}, {a: 2}, {a: 3}, {b: 0}, {b: 1}, {b: 2}, {b: 3}]}}", "256 legs"},
		{"a product beyond all bounds", "{matrix: {" + vectors(40) + "}}", "error: Strategy expansion exceeded 256 results"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := EvaluateStrategy(jobToken(t, "strategy", c.value), testScope())
			got := outcome("", err)
			if err == nil {
				var legs []string
				for _, leg := range s.Legs {
					data, _ := leg.MarshalJSON()
					legs = append(legs, string(data))
				}
				got = fmt.Sprint(s.FailFast, " ", s.MaxParallel, " ", strings.Join(legs, " "))
				if len(legs) > 100 {
					got = fmt.Sprint(len(legs), " legs")
				}
			}
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// numbers is "0, 1, 2", n of them.
func numbers(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return strings.Join(all, ", ")
}

func vectors(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("v%d: [1, 2, 3]", i)
	}
	return strings.Join(all, ", ")
}

func TestEvaluateIf(t *testing.T) {
	scope := func(ok bool) *expr.Scope {
		s := testScope()
		yes := func(b bool) func(*expr.Call, []expr.Value) (expr.Value, error) {
			return func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Bool(b), nil }
		}
		s.Functions = []expr.Function{
			{Name: "success", Call: yes(ok)}, {Name: "failure", Call: yes(!ok)}, {Name: "always", Call: yes(true)}, {Name: "cancelled", Call: yes(false)},
		}
		return s
	}
	cases := []struct {
		value    string
		ok, fail bool // with success() true and false
	}{
		{"", true, false},
		{"true", true, false},
		{"false", false, false},
		{"always()", true, true},
		{"failure()", false, true},
		{"ALWAYS()", true, true},
		{"github.ref == 'main'", true, false},
		{"github.ref == 'main' || failure()", true, true},
		{"'${{ github.event.list }}'", true, false},
		{"'${{ 0 }}'", false, false},
		{"\"x ${{ github.event.none }}\"", true, false},
	}
	for _, c := range cases {
		var token *Token
		if c.value != "" {
			token = jobToken(t, "if", c.value)
		}
		for ok, want := range map[bool]bool{true: c.ok, false: c.fail} {
			if got, err := EvaluateIf(token, scope(ok)); got != want || err != nil {
				t.Errorf("%s with success() %v is %v, %v", c.value, ok, got, err)
			}
		}
	}
	_, err := EvaluateIf(jobToken(t, "if", "fromJSON(github.ref)"), scope(true))
	if e, ok := errors.AsType[*Error](err); !ok || e.Line != 6 || e.Column != 9 {
		t.Errorf("error is %v", err)
	}
}

func TestEvaluateCallInputs(t *testing.T) {
	def, _ := NewExpression("github.ref")
	call := &CallInterface{Inputs: []*Input{
		{Name: "s", Type: "string"}, {Name: "b", Type: "boolean"}, {Name: "n", Type: "number"}, {Name: "d", Type: "string", Default: def},
	}}
	cases := []struct{ with, want string }{
		{"", `{"s":"","b":false,"n":0,"d":"main"}`},
		{"{S: 1.50, b: '${{ github.event.yes }}', n: '${{ github.event.five }}', d: ''}", `{"s":"1.5","b":true,"n":5,"d":""}`},
		{"{b: '${{ github.event.text }}'}", "error: f.yml (Line: 6, Col: 14): Unexpected value 'true'"},
		{"{n: '${{ github.ref }}'}", "error: f.yml (Line: 6, Col: 14): Unexpected value 'main'"},
	}
	for _, c := range cases {
		var with *Token
		if c.with != "" {
			with = jobToken(t, "env", c.with)
		}
		v, err := EvaluateCallInputs(call, with, testScope())
		data, _ := v.MarshalJSON()
		if got := outcome(string(data), err); got != c.want {
			t.Errorf("%s gives %s, want %s", c.with, got, c.want)
		}
	}
	if v, err := EvaluateCallInputs(nil, nil, nil); err != nil || v.Object().Len() != 0 {
		t.Errorf("a call without an interface gives %v, %v", v, err)
	}
}

func TestEvaluateCallOutputsAndSecrets(t *testing.T) {
	good, _ := NewExpression("github.ref")
	bad, _ := NewExpression("fromJSON(github.ref)")
	out, err := EvaluateCallOutputs(&CallInterface{Outputs: []*CallOutput{{Name: "a", Value: good}, {Name: "b", Value: bad}}}, testScope())
	if err == nil || out["a"] != "main" {
		t.Errorf("outputs are %v, %v", out, err)
	}
	secrets, err := EvaluateCallSecrets(jobToken(t, "env", "{A: '${{ github.ref }}', B: '${{ github.none }}'}"), testScope())
	if _, ok := secrets.Get("b"); ok || err != nil {
		t.Errorf("an empty secret is given: %v", err)
	}
	if v, _ := secrets.Get("a"); v.Text() != "main" {
		t.Errorf("a is %q", v.Text())
	}
}
