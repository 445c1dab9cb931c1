package workflow

import "strings"

// RawAction is an action.yml, read and validated.
type RawAction struct {
	File        string
	Name        string
	Description string
	Inputs      []*ActionInput
	Outputs     []*ActionOutput
	Runs        ActionRuns
}

// ActionInput is a declared input of an action.
type ActionInput struct {
	Name               string
	Pos                Pos
	Description        string
	Required           bool
	Default            *Token // nil: there is none; may hold expressions
	DeprecationMessage string
}

// ActionOutput is a declared output; Value is nil but for composite actions.
type ActionOutput struct {
	Name        string
	Pos         Pos
	Description string
	Value       *Token
}

// ActionRuns is `runs:`. Using says which of its fields have a meaning.
type ActionRuns struct {
	Pos   Pos    // of `using`
	Using string // as written: node20, composite, docker, …

	Pre, Main, Post string // JavaScript files
	PreIf, PostIf   *Token // expressions; nil is always()

	Image                                     string
	PreEntrypoint, Entrypoint, PostEntrypoint string
	Args, Env                                 *Token

	Steps []*Step
}

// maxActionDepth is how deep action.yml may nest (ActionManifestManager.cs).
const maxActionDepth = 100

// ReadAction reads and validates an action manifest called file, as
// actions/runner ActionManifestManager.cs does. It returns either the action
// or the errors the runner would fail the step with. No input makes it panic.
func ReadAction(file string, data []byte) (*RawAction, []*Error) {
	var errs errorList
	limits := Limits{MaxDepth: maxActionDepth}.withDefaults()
	m := memory{max: limits.MaxResultSize, maxDepth: limits.MaxDepth}
	root := fileReader{limits: limits, memory: &m, errors: &errs, dialect: dialect{noAnchors: true}}.read(file, data, shapeAction)
	if root == nil {
		return nil, errs.errors
	}
	c := actionConverter{&errs, &RawAction{File: file}}
	c.convert(root)
	if errs.failed() {
		return nil, errs.errors
	}
	return c.action, nil
}

// actionConverter fills an action from the tokens of its manifest.
type actionConverter struct {
	*errorList
	action *RawAction
}

func (c actionConverter) convert(root *Token) {
	a := c.action
	if !c.expect(root, TokenMapping, "action manifest root") {
		return
	}
	a.Name = root.Lookup("name").Str()
	a.Description = root.Lookup("description").Str()
	for key, value := range root.Lookup("inputs").Pairs() {
		a.Inputs = append(a.Inputs, c.input(key, value))
	}
	for key, value := range root.Lookup("outputs").Pairs() {
		a.Outputs = append(a.Outputs, &ActionOutput{
			Name: key.Str(), Pos: key.Pos(),
			Description: value.Lookup("description").Str(),
			Value:       value.Lookup("value"),
		})
	}
	runs := root.Lookup("runs")
	if runs == nil {
		c.add(Pos{File: a.File}, "Top level 'runs:' section is required for "+a.File)
		return
	}
	c.runs(runs)
}

func (c actionConverter) input(key, t *Token) *ActionInput {
	input := &ActionInput{Name: key.Str(), Pos: key.Pos()}
	for key, value := range t.Pairs() {
		switch foldKey(key.Str()) {
		case "description":
			input.Description = value.Str()
		case "required":
			input.Required = strings.EqualFold(value.Str(), "true")
		case "default":
			input.Default = value
		case "deprecationmessage":
			if c.expect(value, TokenString, "input deprecationMessage") {
				input.DeprecationMessage = value.Str()
			}
		}
	}
	return input
}

func (c actionConverter) runs(t *Token) {
	runs := &c.action.Runs
	for key, value := range t.Pairs() {
		switch key.Str() {
		case "using":
			runs.Using, runs.Pos = value.Str(), value.Pos()
		case "pre":
			runs.Pre = value.Str()
		case "main":
			runs.Main = value.Str()
		case "post":
			runs.Post = value.Str()
		case "pre-if":
			runs.PreIf = condition(value)
		case "post-if":
			runs.PostIf = condition(value)
		case "image":
			runs.Image = value.Str()
		case "pre-entrypoint":
			runs.PreEntrypoint = value.Str()
		case "entrypoint":
			runs.Entrypoint = value.Str()
		case "post-entrypoint":
			runs.PostEntrypoint = value.Str()
		case "args":
			runs.Args = value
		case "env":
			runs.Env = value
		case "steps":
			runs.Steps = newSteps(value, c.errorList)
		}
	}
	if problem := runs.problem(t.Pos().File); problem != "" {
		c.fail(t, problem)
	}
}

// problem says what `using` needs and does not have.
func (r *ActionRuns) problem(file string) string {
	const supported = "'docker', 'node12', 'node16', 'node20' or 'node24'"
	switch strings.ToLower(r.Using) {
	case "docker":
		if r.Image == "" {
			return "You are using a Container Action but an image is not provided in " + file + "."
		}
	case "node12", "node16", "node20", "node24":
		if r.Main == "" {
			return "You are using a JavaScript Action but there is not an entry JavaScript file provided in " + file + "."
		}
	case "composite":
		if r.Steps == nil {
			return "You are using a composite action but there are no steps provided in " + file + "."
		}
	case "":
		return "Missing 'using' value. 'using' requires 'composite', " + supported + "."
	default:
		return "'using: " + r.Using + "' is not supported, use " + supported + " instead."
	}
	return ""
}
