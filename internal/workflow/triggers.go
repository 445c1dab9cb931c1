package workflow

import "slices"

// maxDispatchInputs is how many inputs GitHub lets a workflow_dispatch have.
const maxDispatchInputs = 25

// triggers reads `on:`.
func (c *converter) triggers(t *Token) (*Triggers, *CallInterface) {
	on := &Triggers{}
	var call *CallInterface
	switch t.Kind() {
	case TokenString:
		on.Events = []*Event{{Name: t.text, Pos: t.Pos()}}
	case TokenSequence:
		for _, item := range t.Items() {
			on.Events = append(on.Events, &Event{Name: item.Str(), Pos: item.Pos()})
		}
	case TokenMapping:
		for key, value := range t.Pairs() {
			event := &Event{Name: key.Str(), Pos: key.Pos(), Config: value}
			on.Events = append(on.Events, event)
			if event.Name == "workflow_call" {
				call = c.callInterface(value)
			} else {
				c.event(event, value)
			}
		}
	}
	for _, event := range on.Events {
		if event.Name == "workflow_call" && call == nil {
			call = &CallInterface{}
		}
	}
	return on, call
}

func (c *converter) event(e *Event, t *Token) {
	switch e.Name {
	case "schedule":
		e.Schedules = c.schedules(t)
		return
	case "workflow_dispatch":
		e.Inputs = c.dispatchInputs(t)
		return
	}
	for key, value := range t.Pairs() {
		switch key.Str() {
		case "types":
			e.Types = stringList(value)
		case "branches":
			e.Branches = stringList(value)
		case "branches-ignore":
			e.BranchesIgnore = stringList(value)
		case "tags":
			e.Tags = stringList(value)
		case "tags-ignore":
			e.TagsIgnore = stringList(value)
		case "paths":
			e.Paths = stringList(value)
		case "paths-ignore":
			e.PathsIgnore = stringList(value)
		case "workflows":
			e.Workflows = stringList(value)
		}
	}
}

// stringList returns the strings of a string or sequence; not nil.
func stringList(t *Token) []string {
	tokens := stringTokens(t)
	list := make([]string, len(tokens))
	for i, token := range tokens {
		list[i] = token.Str()
	}
	return list
}

func (c *converter) schedules(t *Token) []Schedule {
	var schedules []Schedule
	for _, item := range t.Items() {
		s := Schedule{Pos: item.Pos(), Timezone: item.Lookup("timezone").Str()}
		cron := item.Lookup("cron")
		s.Cron = cron.Str()
		if !ValidCron(s.Cron) {
			c.fail(cron, "Invalid cron expression. Expected format: '* * * * *' (minute hour day month weekday)")
		}
		schedules = append(schedules, s)
	}
	return schedules
}

// dispatchInputs reads the inputs of workflow_dispatch, the value t. GitHub
// lets unknown keys pass where there are no inputs.
func (c *converter) dispatchInputs(t *Token) []*Input {
	if t = c.inputsAlone(t); t == nil {
		return nil
	}
	var inputs []*Input
	for key, value := range t.Pairs() {
		c.knownKeys(value, "description", "type", "required", "default", "options")
		input := newInput(key, value)
		c.checkDispatchInput(input, value)
		inputs = append(inputs, input)
	}
	if len(inputs) > maxDispatchInputs {
		c.fail(t, "you may only define up to "+itoa(maxDispatchInputs)+" `inputs` for a `workflow_dispatch` event")
	}
	return inputs
}

// inputsAlone returns the value of `inputs`, the only key there may be then.
func (c *converter) inputsAlone(t *Token) *Token {
	inputs := t.Lookup("inputs")
	if inputs != nil {
		c.knownKeys(t, "inputs")
	}
	return inputs
}

// knownKeys rejects keys of the mapping t that are not among names.
func (c *converter) knownKeys(t *Token, names ...string) {
	for key := range t.Pairs() {
		if !slices.Contains(names, key.Str()) {
			c.fail(key, "Unexpected value '"+key.Str()+"'")
		}
	}
}

// checkDispatchInput checks what depends on the type of an input. GitHub takes
// a default of any scalar type and converts it when the run starts.
func (c *converter) checkDispatchInput(input *Input, t *Token) {
	switch options := t.Lookup("options"); {
	case input.Type == "choice" && options.Len() == 0:
		c.fail(t, "Missing 'options' for choice input")
	case input.Type != "choice" && options != nil:
		c.fail(t, "Input type is not 'choice', but 'options' is defined")
	}
	if d := input.Default; input.Type == "boolean" && d != nil && d.Str() != "" {
		if _, ok := parseBoolean(d.Str()); !ok {
			c.expect(d, TokenBoolean, "input default")
		}
	}
}

func newInput(key, t *Token) *Input {
	input := &Input{Name: key.Str(), Pos: key.Pos(), Type: "string"}
	for key, value := range t.Pairs() {
		switch key.Str() {
		case "type":
			input.Type = value.Str()
		case "description":
			input.Description = value.Str()
		case "required":
			input.Required = value.Bool()
		case "default":
			input.Default = value
		case "options":
			input.Options = stringList(value)
		}
	}
	return input
}

func (c *converter) callInterface(t *Token) *CallInterface {
	call := &CallInterface{}
	for key, value := range t.Lookup("inputs").Pairs() {
		call.Inputs = append(call.Inputs, newInput(key, value))
	}
	for key, value := range t.Lookup("secrets").Pairs() {
		call.Secrets = append(call.Secrets, &CallSecret{Name: key.Str(), Pos: key.Pos(), Required: value.Lookup("required").Bool()})
	}
	for key, value := range t.Lookup("outputs").Pairs() {
		call.Outputs = append(call.Outputs, &CallOutput{Name: key.Str(), Pos: key.Pos(), Value: value.Lookup("value")})
	}
	return call
}
